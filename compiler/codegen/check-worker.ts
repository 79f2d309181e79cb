/** @file The type checker in a thread of its own, for machines without the native compiler: it loads TypeScript while the build goes on. */
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import type { CheckRequest } from "./check/request.ts";
import { checkByScript } from "./check/script.ts";

createRequire(import.meta.url)("ts-morph");
parentPort?.on("message", (request: CheckRequest) => parentPort?.postMessage(checkByScript(request)));
