/**
 * @file What Forgather's own templates and examples construct, and what does the same here.
 *
 * Beside each spec: the counterpart and how the arguments differ (see import-map.ts). What has none stands in `missingSpecs`, with the reason.
 * A spec that begins with a dot is a model part found through `submodule_searchpath`: a file of that name in the project wins.
 */
import type { ImportEntry } from "./import-map.ts";

type Table = Readonly<Record<string, Readonly<Record<string, ImportEntry>>>>;

/** Where and how PyTorch keeps a parameter: devices and types are the session's business here. */
const placement = ["device", "dtype"];
/** How PyTorch runs an update, not what it computes. */
const execution = ["foreach", "fused", "capturable", "differentiable"];
/** How the Hub's files are fetched and trusted. */
const fetching = [
  "trust_remote_code",
  "legacy",
  "use_fast",
  "cache_dir",
  "force_download",
  "local_files_only",
  "token",
  "revision",
];

const layer = (name: string): ImportEntry => ({ to: `fgc/nn:${name}`, drop: placement });
const activation = (name: string): ImportEntry => ({ to: `fgc/nn:${name}`, drop: ["inplace"] });
const optimizer = (name: string): ImportEntry => ({ to: `fgc/optim:${name}`, drop: execution });

const trainingArguments: ImportEntry = {
  to: "fgc/train:TrainingArguments",
  words: { mixed_precision: { bf16: { bf16: true }, fp16: { fp16: true }, no: {}, null: {}, false: {} } },
  // Processes and compilers that a bundle does not have.
  drop: [
    "dispatch_batches",
    "split_batches",
    "accelerator_config",
    "ddp_find_unused_parameters",
    "ddp_bucket_cap_mb",
    "fp8_recipe",
    "logging_nan_inf_filter",
    "remove_unused_columns",
    "report_to",
    "use_liger_kernel",
    "find_unused_parameters",
  ],
  unsupported: [
    "mixed_precision",
    "eval_on_save",
    "preserve_best_model",
    "best_model_metric",
    "preserve_n_best",
    "max_eval_batches",
  ],
};
const trainer: ImportEntry = { to: "fgc/train:Trainer", unsupported: ["fused_loss_factory", "accelerator"] };

const loadTokenizer: ImportEntry = {
  to: "fgc/tokenizers:Tokenizer.load",
  rename: { pretrained_model_name_or_path: "path" },
  drop: fetching,
  unsupported: ["model_max_length", "max_position_embeddings", "padding_side", "truncation_side"],
};

const blockTokenizer: ImportEntry = { to: "fgc/data:blockTokenizer", drop: ["num_proc"] };

export const wellKnownCounterparts: Table = {
  "torch.nn": {
    Linear: layer("Linear"),
    Embedding: layer("Embedding"),
    LayerNorm: layer("LayerNorm"),
    RMSNorm: layer("RMSNorm"),
    Dropout: activation("Dropout"),
    Identity: "fgc/nn:Identity",
    ReLU: activation("ReLU"),
    SiLU: activation("SiLU"),
    GELU: activation("GELU"),
    Sigmoid: activation("Sigmoid"),
    Tanh: activation("Tanh"),
  },
  "torch.nn.functional": { scaled_dot_product_attention: "fgc/nn:sdpaAttention" },
  "torch.nn.init": {
    zeros_: "fgc/nn:zeros",
    ones_: "fgc/nn:ones",
    trunc_normal_: "fgc/nn:truncNormal",
    xavier_uniform_: "fgc/nn:xavierUniform",
    xavier_normal_: "fgc/nn:xavierNormal",
  },
  "torch.optim": { AdamW: optimizer("AdamW"), Adam: optimizer("Adam"), SGD: optimizer("SGD"), Muon: optimizer("Muon") },
  "torch.optim.lr_scheduler": {
    LinearLR: "fgc/optim:LinearLR",
    CosineAnnealingLR: "fgc/optim:CosineAnnealingLR",
    SequentialLR: "fgc/optim:SequentialLR",
    ConstantLR: "fgc/optim:ConstantLR",
    StepLR: "fgc/optim:StepLR",
    MultiStepLR: "fgc/optim:MultiStepLR",
    ExponentialLR: "fgc/optim:ExponentialLR",
    PolynomialLR: "fgc/optim:PolynomialLR",
    OneCycleLR: {
      to: "fgc/optim:OneCycleLR",
      drop: ["last_epoch", "verbose"],
      unsupported: ["epochs", "steps_per_epoch", "cycle_momentum", "base_momentum", "max_momentum"],
    },
  },
  "torch.utils.tensorboard": { SummaryWriter: "fgc/train:SummaryWriter" },

  forgather: { from_project: "forgather:from_project" },
  fgc: { from_project: "forgather:from_project" },
  "forgather.project": { from_project: "forgather:from_project" },
  "forgather.codegen": { generate_code: "fgc/compiler:modelModule" },
  "forgather.ml": { Trainer: trainer, TrainingArguments: trainingArguments },
  // An older name of from_project.
  "forgather.ml.construct": { build_rule: "fgc/build:asset", load_from_config: "forgather:from_project" },
  "forgather.ml.training_script": { TrainingScript: "fgc/train:TrainingScript" },
  "forgather.ml.distributed": {
    DistributedEnvironment: {
      to: "fgc/train:DistributedEnvironment",
      drop: ["backend", "no_accelerator", "always", "log_level"],
    },
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
    // One process reads the whole of it: nothing is to be shared out.
    preprocess_dataset: { to: "fgc/data:preprocessDataset", drop: ["shard_dataset", "num_proc", "parallel_tokenizer"] },
    block_tokenize_fn: blockTokenizer,
    block_tokenizer: blockTokenizer,
    default_tokenize_map_fn: { to: "fgc/data:defaultTokenizer", unsupported: ["add_eos", "add_bos"] },
  },
  "forgather.ml.dataset.block_tokenizer": { block_tokenize_fn: blockTokenizer },
  "forgather.ml.tokenizer": {
    TokenizerTrainer: "fgc/tokenizers:TokenizerTrainer",
    train_tokenizer: "fgc/tokenizers:trainTokenizer",
  },
  "forgather.ml.trainer": {
    Trainer: trainer,
    TrainingArguments: trainingArguments,
    BaseTrainer: "fgc/train:BaseTrainer",
    BaseTrainingArguments: trainingArguments,
  },
  "forgather.ml.trainer.trainer": { Trainer: trainer, TrainingArguments: trainingArguments },
  "forgather.ml.trainer.callbacks": {
    ProgressCallback: { to: "fgc/train:ProgressCallback", unsupported: ["step_columns", "final_metrics"] },
    InfoCallback: "fgc/train:InfoCallback",
    JsonLogger: "fgc/train:JsonLogger",
    TBLogger: { to: "fgc/train:TBLogger", positional: ["summary_writer"] },
    TextgenCallback: "fgc/train:TextgenCallback",
  },
  // Upstream's own optimizers differ from PyTorch's of the same name in where eps is added; see docs of ForgatherAdamW.
  "forgather.ml.optim": {
    AdamW: "fgc/optim:ForgatherAdamW",
    SGD: "fgc/optim:ForgatherSGD",
    Adafactor: "fgc/optim:Adafactor",
    InfiniteLRScheduler: "fgc/optim:InfiniteLR",
    CosineLRScheduler: {
      to: "fgc/optim:CosineWithWarmup",
      rename: { warmup_steps: "num_warmup_steps", total_steps: "num_training_steps" },
    },
    sequential_lr_factory: "fgc/optim:sequentialLrFactory",
    make_re_multiopt: { to: "fgc/optim:makeReMultiopt", drop: ["debug"] },
    make_grouped_optimizer: { to: "fgc/optim:makeGroupedOptimizer", drop: ["debug"] },
    make_regex_optimizer_groups: { to: "fgc/optim:makeRegexOptimizerGroups", drop: ["debug"] },
  },
  "forgather.ml.optim.adamw": { AdamW: "fgc/optim:ForgatherAdamW" },
  "forgather.ml.optim.sgd": { SGD: "fgc/optim:ForgatherSGD" },
  "forgather.ml.optim.adafactor": { Adafactor: "fgc/optim:Adafactor" },
  "forgather.ml.optim.multiopt": { make_re_multiopt: { to: "fgc/optim:makeReMultiopt", drop: ["debug"] } },
  "forgather.ml.optim.infinite_lr_scheduler": { InfiniteLRScheduler: "fgc/optim:InfiniteLR" },

  ".attention_interface": {
    eager_attention_forward: "fgc/nn:eagerAttention",
    // How a GPU's tiles are cut is for the device to choose.
    flex_attention_forward: { to: "fgc/nn:flexAttention", drop: ["kernel_options", "compile_flex"] },
    sdpa_attention_forward: { to: "fgc/nn:sdpaAttention", drop: ["is_causal"] },
  },
  ".eager_attention": { eager_attention_forward: "fgc/nn:eagerAttention" },
  ".causal_multihead_attn": {
    CausalMultiheadAttn: { to: "fgc/nn:CausalMultiheadAttn", rename: { sliding_window: "window" } },
  },
  ".causal_alibi_attn": { CausalAlibiAttn: { to: "fgc/nn:CausalAlibiAttn", drop: ["sdpa_function"] } },
  ".single_head_attn": { SingleHeadAttn: "fgc/nn:SingleHeadAttn" },
  ".single_head_alibi_attn": { SingleHeadAlibiAttn: "fgc/nn:SingleHeadAlibiAttn" },
  ".feedforward_layer": { FeedforwardLayer: "fgc/nn:FeedforwardLayer" },
  ".glu_feedforward": { GLUFeedforwardLayer: { to: "fgc/nn:GLUFeedforwardLayer", drop: ["use_triton"] } },
  ".pre_ln_layer": { PreLNLayer: "fgc/nn:PreLNLayer" },
  ".post_ln_layer": { PostLNLayer: "fgc/nn:PostLNLayer" },
  ".deepnet": {
    DeepnetLayer: "fgc/nn:DeepnetLayer",
    deepnet_alpha: "fgc/nn:deepnetAlpha",
    deepnet_beta: "fgc/nn:deepnetBeta",
  },
  ".layer_stack": { LayerStack: "fgc/nn:LayerStack" },
  ".checkpoint_layer_stack": { LayerStack: "fgc/nn:CheckpointLayerStack" },
  ".explicit_layer_stack": { ExplicitLayerStack: "fgc/nn:ExplicitLayerStack", LayerStack: "fgc/nn:ExplicitLayerStack" },
  ".input_encoder": { InputEncoder: "fgc/nn:InputEncoder" },
  ".sinusoidal_pe": { SinusoidalPE: "fgc/nn:SinusoidalPE" },
  ".null_pe": { NullPE: "fgc/nn:NullPE" },
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
  ".llama_init": {
    init_embeddings: "fgc/nn:llamaInitEmbeddings",
    init_output_layer: "fgc/nn:initOutputLayer",
    trunc_normal_magic: "fgc/nn:truncNormalMagic",
    trunc_normal: "fgc/nn:truncNormal",
    llama_std: "fgc/nn:llamaStd",
    llama_std_depth: "fgc/nn:llamaStdDepth",
    hf_llama_weight_init: "fgc/nn:hfLlamaWeightInit",
  },

  transformers: {
    AutoTokenizer: "fgc/tokenizers:Tokenizer",
    "AutoTokenizer.from_pretrained": loadTokenizer,
    PreTrainedTokenizerFast: "fgc/tokenizers:Tokenizer",
    "PreTrainedTokenizerFast.from_pretrained": loadTokenizer,
    GenerationConfig: "fgc/generate:GenerationConfig",
    Trainer: trainer,
    TrainingArguments: trainingArguments,
    DataCollatorForLanguageModeling: { to: "fgc/data:DataCollatorForCausalLM", drop: ["mlm"] },
    get_cosine_schedule_with_warmup: "fgc/optim:CosineWithWarmup",
  },
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

const gone =
  (...names: string[]) =>
  (missing: string): Readonly<Record<string, ImportEntry>> =>
    Object.fromEntries(names.map((name) => [name, { missing }]));

const notBuilt = "not built yet";
const hub = "reads from the Hugging Face Hub; name local files with fgc/data:textFiles or fgc/data:jsonLines";
const hubModel = "loads a Python model class from the Hugging Face Hub";
const oneProcess = "trains in several processes, which is not built yet; use forgather.ml.trainer:Trainer";
const older = "upstream has replaced it";

export const missingSpecs: Table = {
  "torch.optim": {
    ...gone("Adafactor")("computes other steps than fgc/optim:Adafactor, which is upstream's own"),
    ...gone("RMSprop", "Adagrad", "Adamax", "NAdam", "RAdam", "Adadelta", "LBFGS")(notBuilt),
  },
  "torch.optim.lr_scheduler": gone("ReduceLROnPlateau", "CosineAnnealingWarmRestarts", "CyclicLR")(notBuilt),
  "torch.distributed.pipelining": gone(
    "ScheduleGPipe",
    "Schedule1F1B",
    "ScheduleInterleaved1F1B",
    "ScheduleLoopedBFS",
    "ScheduleInterleavedZeroBubble",
    "ScheduleZBVZeroBubble",
  )(oneProcess),
  accelerate: gone("Accelerator", "DataLoaderConfiguration")(oneProcess),
  datasets: gone("load_dataset", "load_from_disk", "interleave_datasets", "concatenate_datasets", "Dataset")(hub),
  "datasets.Dataset": gone("from_generator")(hub),
  transformers: {
    ...gone(
      "AutoConfig",
      "AutoModelForCausalLM",
      "AutoModel",
      "LlamaConfig",
      "LlamaForCausalLM",
      "MistralConfig",
      "GPT2Config",
      "GPT2LMHeadModel",
      "Qwen3Config",
    )(hubModel),
    ...gone("Adafactor")("computes other steps than fgc/optim:Adafactor"),
  },
  "forgather.ml.construct": gone(
    "copy_package_files",
    "dependency_list",
    "write_file",
    "file_dependency",
    "module_to_dtype",
    "torch_dtype",
  )("arranges Python files; a model is one bundle here"),
  "forgather.ml.datasets": gone(
    "fast_load_iterable_dataset",
    "load_iterable_dataset",
    "interleave_datasets",
    "soft_sequential",
    "balance_remaining_examples",
  )(hub),
  "forgather.ml.trainer": gone(
    "AccelTrainer",
    "AccelTrainingArguments",
    "PipelineTrainer",
    "PipelineTrainingArguments",
  )(oneProcess),
  "forgather.ml.trainer.ddp": gone("DDPTrainer", "DDPTrainingArguments")(oneProcess),
  "forgather.ml.trainer.fsdp2": gone("FSDP2Trainer", "FSDP2TrainingArguments")(oneProcess),
  "forgather.ml.trainer.accelerate": gone("AccelTrainer", "AccelTrainingArguments", "AccelDistEnv")(oneProcess),
  "forgather.ml.trainer.pipeline": gone(
    "PipelineTrainer",
    "PipelineTrainingArguments",
    "ManualSplitter",
    "create_manual_causal_lm_splitter",
    "insert_activation_checkpoints",
  )(oneProcess),
  "forgather.ml.trainer.callbacks": {
    ...gone("DefaultMetrics", "GradLogger", "PeakMemory", "TrainerControlCallback", "WeightNormLogger")(notBuilt),
    ...gone("ParameterNormLogger", "DivergenceDetector", "ResumableSummaryWriter", "DiLoCoCallback")(notBuilt),
  },
  "forgather.ml.optim": gone("Apollo", "SinkGD", "WSDScheduler", "GaLore", "CAME", "AdamW4bit")(notBuilt),
  "forgather.ml.optim.apollo": gone("Apollo")(notBuilt),
  "forgather.ml.optim.sinkgd": gone("SinkGD")(notBuilt),
  "forgather.ml.optim.subspace_proj": gone("OnlinePCAProjector", "RandProjector")(notBuilt),
  ".attention_interface": gone("flash_attention_forward")("runs on CUDA only; sdpa and flex_attention are here"),
  ".rotary_embeddings": gone(
    "apply_rotary_emb",
    "apply_rotary_pos_emb",
    "RotaryEmbedding",
    "precompute_freqs_cis",
  )("fgc/nn:RotaryPE keeps its tables itself"),
  ".sliding_window_causal_mask": gone("sliding_window_causal_mask")("fgc/nn:causalMask has window_size"),
  ".causal_rpe_attn": gone("CausalRpeAttn")(older),
  ".causal_rpe_lm": gone("CausalRpeLM")(older),
  ".causal_rope_lm": gone("CausalRopeLM")(older),
  ".causal_multihead_rope_attn": gone("CausalMultiheadRopeAttn")(older),
  ".causal_multihead_flash_attn": gone("CausalMultiheadFlashAttn")(older),
  ".gemma_rms_norm": gone("GemmaRMSNorm")(notBuilt),
  ".gemma_dual_rope": gone("GemmaDualRotaryEmbedding")(notBuilt),
  ".gemma_layer": gone("GemmaDecoderLayer")(notBuilt),
  ".gemma_mask": gone("gemma_mask_fn")(notBuilt),
  ".softcapped_linear": gone("SoftcappedLinear")(notBuilt),
  ".smollm3_layer": gone("SmolLM3DecoderLayer")(notBuilt),
  ".canon_layer": gone("CanonLayer")(notBuilt),
  ".canon_glu_feedforward": gone("CanonGLUFeedforwardLayer")(notBuilt),
  ".canon_causal_multihead_attn": gone("CanonCausalMultiheadAttn")(notBuilt),
  ".canon_pre_ln_layer": gone("CanonPreLNLayer")(notBuilt),
};
