#!/usr/bin/env node
/**
 * Starts dist/fgc.cjs with the code that V8 made of it in an earlier run: compiling a bundle of this size takes longer than compiling a config.
 *
 * `module.enableCompileCache` does the same, but not on Node 20. The build of the package makes the cache by running a command; for another V8 than the builder's the first
 * run does, where it may write here. A cache that V8 does not take, because of its flags for instance, costs the time of compiling and nothing else.
 */
// Not by `import`, which reads every export of these modules and so loads Node's file streams.
const { readFileSync, renameSync, statSync, writeFileSync, writeSync } = process.getBuiltinModule("node:fs");
const { createRequire } = process.getBuiltinModule("node:module");
const { fileURLToPath } = process.getBuiltinModule("node:url");
const { constants, Script } = process.getBuiltinModule("node:vm");

// What scripts ask first, and often: no compiler is needed for the answer.
const [word, ...others] = process.argv.slice(2);
if ((word === "--version" || word === "-V") && others.length === 0) {
  const { version } = JSON.parse(readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8"));
  writeSync(1, `${version}\n`);
} else runBundle(fileURLToPath(new URL("../dist/fgc.cjs", import.meta.url)));

function runBundle(filename) {
  // V8 compares no more than the length of the source: the name says which bundle and which engine it is for.
  const written = statSync(filename).mtimeMs.toString(36);
  const cacheFile = `${filename}.${written}-${process.versions.v8}-${process.arch}.cache`;
  const cachedData = readCache(cacheFile);
  // The bundle is pure ASCII: Latin-1 is the encoding that is not looked at.
  const source = readFileSync(filename, "latin1");
  const script = new Script(source, {
    filename,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (cachedData === undefined) process.on("exit", () => writeCache(script, source, cacheFile));
  script.runInThisContext()(createRequire(filename), filename);
}

function readCache(cacheFile) {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

/** At the end of a run, so that the functions which it used are in it. One that used few (`--help`) is not kept. */
function writeCache(script, source, cacheFile) {
  const data = script.createCachedData();
  if (data.length < source.length / 2) return;
  try {
    writeFileSync(`${cacheFile}.${process.pid}`, data);
    renameSync(`${cacheFile}.${process.pid}`, cacheFile);
  } catch {
    // A package that its user may not write to works without.
  }
}
