import { Norm } from "fgc/nn";

export const construct = () => {
  // input.yaml:1
  const norm = () => new Norm(8);

  return [norm(), norm()];
};
