/** @file The type checker in a thread of its own: it loads TypeScript while the build goes on, and checks while esbuild bundles. */
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import { type CheckRequest, checkTypes } from "./check.ts";

createRequire(import.meta.url)("ts-morph");
parentPort?.on("message", (request: CheckRequest) => parentPort?.postMessage(checkTypes(request)));
