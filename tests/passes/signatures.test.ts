/** @file What the extractor reads out of TypeScript sources, by syntax alone. */
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { lookup, wellKnownSpecs } from "../../compiler/graph/import-map.ts";
import { SignatureExtractor } from "../../compiler/graph/signatures/extract.ts";
import type { CallableSignature } from "../../compiler/graph/signatures/signature.ts";

function extract(files: Readonly<Record<string, string>>, name: string): CallableSignature {
  const extractor = new SignatureExtractor({
    ts,
    read: (path) => files[path],
    resolve: (specifier) => specifier.replace("./", "/"),
  });
  const found = extractor.module("/a.ts")?.exports[name];
  if (found === undefined || !("parameters" in found)) throw new Error(`${name} is not callable`);
  return found;
}

const options = (signature: CallableSignature, parameter = 0) => signature.parameters[parameter]?.options ?? [];

describe("signatures", () => {
  it("spread an options object, with defaults from the destructuring", () => {
    const signature = extract(
      {
        "/a.ts":
          "export interface O {\n/** Width. */\nsize: number; eps?: number }\nexport class X { constructor({ size, eps = 1e-5 }: O) {} }",
      },
      "X",
    );
    expect(options(signature)).toEqual([
      { name: "size", required: true, type: "number", shape: { kind: "number" }, doc: "Width." },
      { name: "eps", required: false, type: "number", shape: { kind: "number" }, doc: "", default: "1e-5" },
    ]);
  });

  it("find defaults in the body too", () => {
    const signature = extract(
      {
        "/a.ts":
          "export function f(options: { a?: number; b?: string } = {}) { const { a = 2 } = options; return options.b ?? 'x'; }",
      },
      "f",
    );
    expect(options(signature).map((option) => option.default)).toEqual(["2", "'x'"]);
  });

  it("follow types through imports, aliases, utility and mapped types", () => {
    const files = {
      "/a.ts":
        'import type { All, Order } from "./b.ts";\nexport function f(x: number, options: Omit<All, "secret"> & { order: Order }, more?: { [K in keyof All]?: All[K] }) {}',
      "/b.ts":
        'const orders = ["pre", "post"] as const;\nexport type Order = (typeof orders)[number];\nexport interface All extends Base { secret: string }\ninterface Base { size: number }',
    };
    const signature = extract(files, "f");
    expect(options(signature, 1).map(({ name }) => name)).toEqual(["size", "order"]);
    expect(options(signature, 1)[1]?.shape).toEqual({
      kind: "union",
      of: [
        { kind: "literal", value: "pre" },
        { kind: "literal", value: "post" },
      ],
    });
    expect(options(signature, 2).map(({ name, required }) => [name, required])).toEqual([
      ["size", false],
      ["secret", false],
    ]);
  });

  it("take the constructor of the base class, and static methods", () => {
    const signature = extract(
      {
        "/a.ts":
          "class B { constructor(size: number) {} }\nexport class X extends B { static load(path: string): X { return new X(1); } }",
      },
      "X",
    );
    expect(signature.parameters.map(({ name }) => name)).toEqual(["size"]);
    expect(signature.statics?.["load"]?.returns).toBe("X");
  });
});

describe("the import map", () => {
  it("knows upstream's names, however the dots are written", () => {
    expect(lookup(wellKnownSpecs, "torch.optim:AdamW")).toBe("fgc/optim:AdamW");
    expect(lookup(wellKnownSpecs, "torch:optim.AdamW")).toBe("fgc/optim:AdamW");
    expect(lookup(wellKnownSpecs, "torch.optim.AdamW")).toBe("fgc/optim:AdamW");
    expect(lookup(wellKnownSpecs, "transformers:AutoTokenizer.from_pretrained")).toBe("fgc/tokenizers:Tokenizer.load");
    expect(lookup(wellKnownSpecs, ".pre_ln_layer:PreLNLayer")).toBe("fgc/nn:PreLNLayer");
    expect(lookup(wellKnownSpecs, "my.own:Thing")).toBeUndefined();
  });
});
