/** @file `fgc/web`: what an emitted trainer runs by in a page's worker. */
export { runTrainer } from "./worker/run-trainer.ts";
