/**
 * @file Renames of constructor specs: what Forgather's well-known Python names are called here, and what projects add.
 *
 * A key is a whole spec (`torch.optim:AdamW`) or a module (`torch.optim`, then the symbol keeps its name). Specs may be written with a dot
 * for the colon before the symbol (`torch.optim.AdamW`), as upstream's readme does; `lookup` reads both.
 */
export type ImportMap = ReadonlyMap<string, string>;

/** Upstream → here, by the module that has it. */
const wellKnown: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "torch.nn": {
    Linear: "fgc/nn:Linear",
    Embedding: "fgc/nn:Embedding",
    LayerNorm: "fgc/nn:LayerNorm",
    RMSNorm: "fgc/nn:RMSNorm",
    Dropout: "fgc/nn:Dropout",
    Identity: "fgc/nn:Identity",
    ReLU: "fgc/nn:ReLU",
    SiLU: "fgc/nn:SiLU",
    GELU: "fgc/nn:GELU",
    Sigmoid: "fgc/nn:Sigmoid",
    Tanh: "fgc/nn:Tanh",
  },
  "torch.nn.init": {
    zeros_: "fgc/nn:zeros",
    ones_: "fgc/nn:ones",
    trunc_normal_: "fgc/nn:truncNormal",
    xavier_uniform_: "fgc/nn:xavierUniform",
    xavier_normal_: "fgc/nn:xavierNormal",
  },
  "torch.optim": {
    AdamW: "fgc/optim:AdamW",
    Adam: "fgc/optim:Adam",
    SGD: "fgc/optim:SGD",
    Adafactor: "fgc/optim:Adafactor",
  },
  "torch.optim.lr_scheduler": {
    LinearLR: "fgc/optim:LinearLR",
    CosineAnnealingLR: "fgc/optim:CosineAnnealingLR",
    SequentialLR: "fgc/optim:SequentialLR",
    ConstantLR: "fgc/optim:ConstantLR",
    StepLR: "fgc/optim:StepLR",
    MultiStepLR: "fgc/optim:MultiStepLR",
    ExponentialLR: "fgc/optim:ExponentialLR",
    PolynomialLR: "fgc/optim:PolynomialLR",
  },
  forgather: { from_project: "forgather:from_project" },
  fgc: { from_project: "forgather:from_project" },
  "forgather.project": { from_project: "forgather:from_project" },
  "forgather.codegen": { generate_code: "fgc/compiler:modelModule" },
  "forgather.ml.construct": { build_rule: "fgc/build:asset" },
  "forgather.ml.training_script": { TrainingScript: "fgc/train:TrainingScript" },
  "forgather.ml.distributed": {
    DistributedEnvironment: "fgc/train:DistributedEnvironment",
    from_env: "fgc/train:DistributedEnvironment",
  },
  "forgather.ml.loss": {
    CausalLoss: "fgc/loss:CausalLoss",
    ChunkedCausalLoss: "fgc/loss:ChunkedCausalLoss",
    LinearCrossEntropyLoss: "fgc/loss:LinearCrossEntropyLoss",
    RescaleLoss: "fgc/loss:RescaleLoss",
  },
  "forgather.ml.data_collator": { DataCollatorForCausalLM: "fgc/data:DataCollatorForCausalLM" },
  "forgather.ml.datasets": {
    preprocess_dataset: "fgc/data:preprocessDataset",
    block_tokenize_fn: "fgc/data:blockTokenizer",
    block_tokenizer: "fgc/data:blockTokenizer",
    default_tokenize_map_fn: "fgc/data:defaultTokenizer",
  },
  "forgather.ml.tokenizer": { TokenizerTrainer: "fgc/tokenizers:TokenizerTrainer" },
  "forgather.ml.trainer": {
    Trainer: "fgc/train:Trainer",
    TrainingArguments: "fgc/train:TrainingArguments",
    BaseTrainer: "fgc/train:BaseTrainer",
    BaseTrainingArguments: "fgc/train:TrainingArguments",
  },
  "forgather.ml.trainer.trainer": { Trainer: "fgc/train:Trainer", TrainingArguments: "fgc/train:TrainingArguments" },
  "forgather.ml.trainer.callbacks": {
    ProgressCallback: "fgc/train:ProgressCallback",
    InfoCallback: "fgc/train:InfoCallback",
    JsonLogger: "fgc/train:JsonLogger",
    TBLogger: "fgc/train:TBLogger",
    TextgenCallback: "fgc/train:TextgenCallback",
    GradLogger: "fgc/train:GradLogger",
    PeakMemory: "fgc/train:PeakMemory",
    TrainerControlCallback: "fgc/train:TrainerControlCallback",
  },
  "torch.utils.tensorboard": { SummaryWriter: "fgc/train:SummaryWriter" },
  // Upstream's own optimizers differ from PyTorch's of the same name in where eps is added; see docs of ForgatherAdamW.
  "forgather.ml.optim": {
    AdamW: "fgc/optim:ForgatherAdamW",
    SGD: "fgc/optim:ForgatherSGD",
    Adafactor: "fgc/optim:Adafactor",
    InfiniteLRScheduler: "fgc/optim:InfiniteLR",
    CosineLRScheduler: "fgc/optim:CosineWithWarmup",
    sequential_lr_factory: "fgc/optim:sequentialLrFactory",
    make_re_multiopt: "fgc/optim:makeReMultiopt",
    make_grouped_optimizer: "fgc/optim:makeGroupedOptimizer",
    make_regex_optimizer_groups: "fgc/optim:makeRegexOptimizerGroups",
  },
  "forgather.ml.optim.adamw": { AdamW: "fgc/optim:ForgatherAdamW" },
  "forgather.ml.optim.sgd": { SGD: "fgc/optim:ForgatherSGD" },
  "forgather.ml.optim.adafactor": { Adafactor: "fgc/optim:Adafactor" },
  "forgather.ml.optim.infinite_lr_scheduler": { InfiniteLRScheduler: "fgc/optim:InfiniteLR" },
  // Upstream's model parts, found through submodule_searchpath: a file of that name in the project wins over these.
  ".causal_multihead_attn": { CausalMultiheadAttn: "fgc/nn:CausalMultiheadAttn" },
  ".causal_alibi_attn": { CausalAlibiAttn: "fgc/nn:CausalAlibiAttn" },
  ".feedforward_layer": { FeedforwardLayer: "fgc/nn:FeedforwardLayer" },
  ".glu_feedforward": { GLUFeedforwardLayer: "fgc/nn:GLUFeedforwardLayer" },
  ".pre_ln_layer": { PreLNLayer: "fgc/nn:PreLNLayer" },
  ".post_ln_layer": { PostLNLayer: "fgc/nn:PostLNLayer" },
  ".deepnet": { DeepnetLayer: "fgc/nn:DeepnetLayer" },
  ".layer_stack": { LayerStack: "fgc/nn:LayerStack" },
  ".checkpoint_layer_stack": { LayerStack: "fgc/nn:CheckpointLayerStack" },
  ".explicit_layer_stack": { ExplicitLayerStack: "fgc/nn:ExplicitLayerStack", LayerStack: "fgc/nn:ExplicitLayerStack" },
  ".input_encoder": { InputEncoder: "fgc/nn:InputEncoder" },
  ".sinusoidal_pe": { SinusoidalPE: "fgc/nn:SinusoidalPE" },
  ".rotary_embeddings": { RotaryPE: "fgc/nn:RotaryPE" },
  ".causal_loss": { CausalLoss: "fgc/loss:CausalLoss" },
  ".causal_mask": { causal_mask: "fgc/nn:causalMask" },
  ".causal_lm": { CasualLM: "fgc/nn:CausalLM", CausalLM: "fgc/nn:CausalLM" },
  ".init_weights": {
    simple_weight_init: "fgc/nn:simpleWeightInit",
    init_weights_by_regex: "fgc/nn:initWeightsByRegex",
    init_embeddings: "fgc/nn:initEmbeddings",
    init_torch_linear_default: "fgc/nn:initTorchLinearDefault",
    init_pass: "fgc/nn:initPass",
    trunc_normal_magic: "fgc/nn:truncNormalMagic",
    trunc_normal: "fgc/nn:truncNormal",
    llama_std: "fgc/nn:llamaStd",
  },
  transformers: {
    AutoTokenizer: "fgc/tokenizers:Tokenizer",
    "AutoTokenizer.from_pretrained": "fgc/tokenizers:Tokenizer.load",
    PreTrainedTokenizerFast: "fgc/tokenizers:Tokenizer",
    GenerationConfig: "fgc/generate:GenerationConfig",
    Trainer: "fgc/train:Trainer",
    TrainingArguments: "fgc/train:TrainingArguments",
    DataCollatorForLanguageModeling: "fgc/data:DataCollatorForCausalLM",
    get_cosine_schedule_with_warmup: "fgc/optim:CosineWithWarmup",
  },
  datasets: { load_dataset: "fgc/data:loadDataset", load_from_disk: "fgc/data:loadDataset" },
  "datasets.Dataset": { from_generator: "fgc/data:fromIterable" },
  "tokenizers.models": { BPE: "fgc/tokenizers:BPE" },
  "tokenizers.normalizers": {
    NFC: "fgc/tokenizers:NFC",
    NFD: "fgc/tokenizers:NFD",
    NFKC: "fgc/tokenizers:NFKC",
    NFKD: "fgc/tokenizers:NFKD",
    Lowercase: "fgc/tokenizers:Lowercase",
    Replace: "fgc/tokenizers:Replace",
    Prepend: "fgc/tokenizers:Prepend",
    Sequence: "fgc/tokenizers:NormalizerSequence",
  },
  "tokenizers.pre_tokenizers": {
    ByteLevel: "fgc/tokenizers:ByteLevel",
    Metaspace: "fgc/tokenizers:Metaspace",
    Split: "fgc/tokenizers:Split",
    Sequence: "fgc/tokenizers:PreTokenizerSequence",
    "ByteLevel.alphabet": "fgc/tokenizers:byteLevelAlphabet",
  },
  "tokenizers.decoders": {
    ByteLevel: "fgc/tokenizers:ByteLevelDecoder",
    ByteFallback: "fgc/tokenizers:ByteFallbackDecoder",
  },
  "tokenizers.processors": { TemplateProcessing: "fgc/tokenizers:TemplateProcessing" },
  "tokenizers.trainers": { BpeTrainer: "fgc/tokenizers:BpeTrainer" },
};

export const wellKnownSpecs: ImportMap = new Map(
  Object.entries(wellKnown).flatMap(([module, symbols]) =>
    Object.entries(symbols).map(([symbol, spec]) => [`${module}:${symbol}`, spec] as const),
  ),
);

/** The shipped map with a project's `import_map` laid over it. */
export function extendImportMap(own: Readonly<Record<string, string>>): ImportMap {
  return new Map([...wellKnownSpecs, ...Object.entries(own)]);
}

/**
 * What `spec` is called here; absent where nothing renames it. The longest key wins: `transformers:AutoTokenizer.from_pretrained` before
 * `transformers:AutoTokenizer`, that before `transformers`.
 */
export function lookup(map: ImportMap, spec: string): string | undefined {
  return spec.includes(":") ? lookupColon(map, spec) : lookupDotted(map, spec);
}

function lookupColon(map: ImportMap, spec: string): string | undefined {
  const colon = spec.indexOf(":");
  const module = spec.slice(0, colon);
  const members = spec.slice(colon + 1).split(".");
  for (let length = members.length; length > 0; length -= 1) {
    const found = map.get(`${module}:${members.slice(0, length).join(".")}`);
    if (found !== undefined) return [found, ...members.slice(length)].join(".");
  }
  // `torch:optim.AdamW` is `torch.optim:AdamW` too: upstream imports the first part and looks the rest up.
  for (let length = 1; length < members.length; length += 1) {
    const found = map.get(`${[module, ...members.slice(0, length)].join(".")}:${members.slice(length).join(".")}`);
    if (found !== undefined) return found;
  }
  const renamed = map.get(module);
  return renamed === undefined || renamed.includes(":") ? undefined : `${renamed}:${members.join(".")}`;
}

/** `torch.optim.AdamW`: any of the dots may be the one before the symbol. */
function lookupDotted(map: ImportMap, spec: string): string | undefined {
  const parts = spec.split(".");
  for (let length = parts.length - 1; length > 0; length -= 1) {
    const found = map.get(`${parts.slice(0, length).join(".")}:${parts.slice(length).join(".")}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
