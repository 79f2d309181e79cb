/** @file `fgc/inspect`: what was constructed, as plain data that can be printed. */
export { type Description, describeValue } from "./describe.ts";
export { type Construction, runConstruct } from "./run-construct.ts";
