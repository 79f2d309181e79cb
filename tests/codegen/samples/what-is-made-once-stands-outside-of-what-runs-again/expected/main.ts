import { Block, Norm, llamaStd } from "fgc/nn";

export const construct = () => {
  // input.yaml:2
  const eps = llamaStd(4);

  return ({ layerIdx }: { layerIdx: number }) => new Block({ normFactory: () => new Norm(8, { eps }), layerIdx });
};
