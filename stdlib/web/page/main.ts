/** @file The page's script. */
export function startPage(): void {}
