/** @file `fgc/build`: what emitted programs and recipes need of the build that made them. */
export { bundlePath, bundleText } from "./bundle.ts";
export { len } from "./len.ts";
export { recordedInputs, recordInput } from "./record-input.ts";
export { type Recipe, type RecipeReport, runRecipe } from "./run-recipe.ts";
export { type StartTimeForm, startTime } from "./start-time.ts";
