/**
 * @file `npm run demo`: the main job from end to end. Compiles examples/tutorials/tiny_llama, trains it, generates from it, and says what to try next.
 *
 * It only runs what a user would type; every line that it runs is printed first.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = join(root, "examples", "tutorials", "tiny_llama");
const output = join(project, "output_models", "tiny_llama");
const here = (path) => relative(process.cwd(), path) || ".";

/** Runs one command with this terminal; an interrupted or failed one ends the demo with its exit code. */
async function run(title, ...args) {
  console.log(
    `\n\u2500\u2500 ${title}\n$ node ${args.map((arg) => (/[\s"]/.test(arg) ? JSON.stringify(arg) : arg)).join(" ")}\n`,
  );
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  // Ctrl-C reaches the child through the terminal; the demo waits for it to save and leave.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status, signal) => resolve(status ?? (signal === "SIGINT" ? 130 : 1)));
  });
  process.off("SIGINT", ignore);
  if (code !== 0) process.exit(code);
  return (performance.now() - start) / 1000;
}

const fgc = here(join(root, "bin", "fgc.mjs"));
const trainer = here(join(output, "trainer.mjs"));
const model = here(join(output, "model.mjs"));
const prompt = "The people of the United States";

const buildSeconds = await run(
  "1. Compile the config: a dozen lines that inherit the rest",
  fgc,
  "-p",
  here(project),
  "build",
  "train_tiny_llama.yaml",
);
await run("2. What the untrained model says", model, "--prompt", prompt, "--max-new-tokens", "24", "--untrained");
const trainSeconds = await run("3. Train", trainer);
await run("4. What it says now", model, "--prompt", prompt, "--max-new-tokens", "80", "--seed", "1");

const runs = join(output, "runs");
const latest = readdirSync(runs)
  .filter((name) => name.startsWith("baseline"))
  .sort()
  .at(-1);
const logs = JSON.parse(readFileSync(join(runs, latest, "trainer_logs.json"), "utf8"));
const evals = logs.filter((record) => record.eval_loss !== undefined);
console.log(`
\u2500\u2500 Done
evaluation loss   ${evals[0]?.eval_loss.toFixed(3)} at step ${evals[0]?.global_step} -> ${evals.at(-1)?.eval_loss.toFixed(3)} at step ${evals.at(-1)?.global_step}
build             ${buildSeconds.toFixed(1)} s (tokenizer and dataset are cached for the next time)
training          ${trainSeconds.toFixed(1)} s

${here(output)}
  model.ts  trainer.ts        what the config became: read them, they are yours to edit
  model.mjs trainer.mjs       the same as bundles that need nothing but node; copy the folder anywhere
  checkpoints/                weights and everything needed to resume
${here(join(runs, latest))}
  loss.svg                    the loss curve
  trainer_logs.json           every record; events.out.tfevents.* is for TensorBoard
  samples.md                  what the model wrote while it learned

Next:
  node ${model} --prompt "Call me Ishmael" --temperature 0.8
  node ${trainer} --max-steps 1000                             longer is better
  node ${fgc} -p ${here(project)} -t experimental_llama.yaml train      post- instead of pre-layer-norm
  node ${fgc} -p ${here(project)} train optimizer.lr=1e-3               change any value by its path
  node ${fgc} -p ${here(project)} pp | less                             everything that the dozen lines inherit
`);
