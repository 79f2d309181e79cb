import { Tokenizer } from "fgc/nn";

export const construct = () => {
  // input.yaml:1
  const tokenizer = new Tokenizer();

  return {
    id: tokenizer.padTokenId,
    count: 3,
    names: [...["b", "a"]].sort(),
    upto: Array.from({ length: 3 }, (_, index) => index),
    last: [...tokenizer].at(-1),
  };
};
