/** @file `runTrainer` in a page. */
export function runTrainer(): void {}
