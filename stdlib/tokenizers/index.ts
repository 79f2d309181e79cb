/** @file `fgc/tokenizers`: byte level BPE, trained here, stored as Hugging Face's `tokenizer.json`. */
export { BPE, type BpeOptions } from "./bpe.ts";
export { BpeTrainer, type BpeTrainerOptions, byteLevelAlphabet } from "./bpe-trainer.ts";
export { ByteFallbackDecoder, ByteLevelDecoder, type Decoder } from "./decoders.ts";
export {
  Lowercase,
  NFC,
  NFD,
  NFKC,
  NFKD,
  type Normalizer,
  NormalizerSequence,
  Prepend,
  Replace,
} from "./normalizers.ts";
export { type PostProcessor, TemplateProcessing, type TemplateProcessingOptions } from "./post-processors.ts";
export {
  ByteLevel,
  type ByteLevelOptions,
  Metaspace,
  type PreTokenizer,
  PreTokenizerSequence,
  Split,
} from "./pre-tokenizers.ts";
export type { StreamDecoder } from "./stream-decoder.ts";
export {
  type DecodeOptions,
  type EncodeOptions,
  type Side,
  sizeOf,
  Tokenizer,
  type TokenizerConfig,
  tokenizerFacts,
} from "./tokenizer.ts";
export { type TextRows, TokenizerTrainer, type TokenizerTrainerOptions, trainTokenizer } from "./tokenizer-trainer.ts";
