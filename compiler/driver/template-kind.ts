/** @file What a template is for: trainer, model, dataset and so on. By the folder of the template that its chain begins with, so that a config's own parts are told apart too. */

const kindOfFolder: Readonly<Record<string, string>> = {
  attn_functions: "model",
  callbacks: "callbacks",
  configs: "config",
  datasets: "dataset",
  flex_kernel_options: "model",
  inc: "macros",
  lr_schedulers: "schedule",
  models: "model",
  optimizers: "optimizer",
  projects: "project",
  prompts: "prompts",
  tokenizers: "tokenizer",
  trainers: "trainer",
  training_script: "training script",
};

/** @param chain a template's name, then those that it extends. Undefined where nothing tells. */
export function templateKind(chain: readonly string[]): string | undefined {
  for (const name of [...chain].reverse()) {
    const [folder, rest] = name.split("/");
    if (rest !== undefined && folder !== undefined && Object.hasOwn(kindOfFolder, folder) && folder !== "configs")
      return kindOfFolder[folder];
  }
  return chain.some((name) => name.startsWith("configs/")) ? "config" : undefined;
}
