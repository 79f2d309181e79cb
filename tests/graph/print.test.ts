/** @file Printers: the YAML form of every vector's graph reads back as an equal graph, under every name policy. */
import { describe, expect, it } from "vitest";
import { composeConfig, literalText } from "../../compiler/config/index.ts";
import {
  automaticName,
  buildGraphFrom,
  canonicalGraph,
  type GraphValue,
  namePolicies,
  printGraph,
} from "../../compiler/graph/index.ts";
import { loadSuites } from "./vector-files.ts";

function graphOf(text: string): GraphValue {
  const rendered = literalText({ path: "case.yaml", text });
  const { root, diagnostics } = composeConfig(rendered);
  if (root === undefined) throw new Error(`${diagnostics[0]?.message}\n${text}`);
  const built = buildGraphFrom(root, rendered, "reference");
  if (built.graph === undefined) throw new Error(`${built.diagnostics[0]?.message}\n${text}`);
  return built.graph;
}

for (const suite of loadSuites<{ id: string; yaml: string; expect: { graph?: unknown } }>("graph")) {
  const cases = suite.cases.filter((c) => c.expect.graph !== undefined);
  describe.skipIf(suite.absent)(`${suite.name} printed and read back`, () => {
    it.each(cases.map((c) => [c.id, c.yaml] as const))("%s", (_, yaml) => {
      const graph = graphOf(yaml);
      for (const policy of namePolicies) {
        const printed = printGraph(graph, "yaml", policy);
        expect(JSON.stringify(canonicalGraph(graphOf(printed))), printed).toBe(JSON.stringify(canonicalGraph(graph)));
      }
    });
  });
}

describe("printers", () => {
  const graph = graphOf(`
.define: &opt !partial:fgc/optim:AdamW@opt { lr: 1.0e-5, betas: [0.9, 0.95] }
main: !call:fgc/train:Trainer { optimizer: *opt, model: !var { name: model, default: ~ }, note: "a: b" }
other: !call:f [*opt, &x !factory:g [], *x]
`);
  it("yaml puts definitions before targets", () => {
    expect(printGraph(graph, "yaml")).toMatchInlineSnapshot(`
      ".define: &opt !partial:fgc/optim:AdamW@opt
        lr: 1.0e-05
        betas:
          - 0.9
          - 0.95
      .define: &alpha_ !factory:g []
      main: !singleton:fgc/train:Trainer
        optimizer: *opt
        model: !var
          name: model
          default: null
        note: "a: b"
      other: !singleton:f
        - *opt
        - *alpha_
        - *alpha_
      "
    `);
  });
  it("outline", () => {
    expect(printGraph(graph, "outline")).toMatchInlineSnapshot(`
      "main: singleton fgc/train:Trainer
        optimizer: partial fgc/optim:AdamW @opt #1
          lr: 1.0e-05
          betas: list
            - 0.9
            - 0.95
        model: var model
          default: null
        note: "a: b"
      other: singleton f
        - → #1
        - factory g #2
        - → #2
      "
    `);
  });
  it("repr", () => {
    expect(printGraph(graph, "repr")).toMatchInlineSnapshot(`
      "{'main': SingletonNode('fgc/train:Trainer', optimizer=<1: PartialNode('fgc/optim:AdamW', _identity='opt', lr=1e-05, betas=[0.9, 0.95])>, model=VarNode('model', default=None), note='a: b'), 'other': SingletonNode('f', <1>, <2: FactoryNode('g')>, <2>)}
      "
    `);
  });
  it("dot", () => {
    expect(printGraph(graph, "dot")).toMatchInlineSnapshot(`
      "digraph config {
        rankdir=LR;
        node [fontname="sans-serif"];
        t1 [shape=cds, label="main"];
        n1 [shape=box, label="fgc/train:Trainer\\lnote = \\"a: b\\""];
        n2 [shape=component, label="opt: fgc/optim:AdamW\\llr = 1.0e-05\\lbetas[0] = 0.9\\lbetas[1] = 0.95"];
        n3 [shape=ellipse, label="model\\ldefault = null"];
        t2 [shape=cds, label="other"];
        n4 [shape=box, label="f"];
        n5 [shape=box3d, label="g"];
        n1 -> n2 [label="optimizer"];
        n1 -> n3 [label="model"];
        t1 -> n1;
        n4 -> n2 [label="0"];
        n4 -> n5 [label="1"];
        n4 -> n5 [label="2"];
        t2 -> n4;
      }
      "
    `);
  });
  it("mermaid", () => {
    expect(printGraph(graph, "mermaid")).toMatchInlineSnapshot(`
      "flowchart LR
        t1(["main"])
        n1["fgc/train:Trainer<br/>note = #quot;a: b#quot;"]
        n2[/"opt: fgc/optim:AdamW<br/>lr = 1.0e-05<br/>betas[0] = 0.9<br/>betas[1] = 0.95"/]
        n3(("model<br/>default = null"))
        t2(["other"])
        n4["f"]
        n5[["g"]]
        n1 -->|"optimizer"| n2
        n1 -->|"model"| n3
        t1 --> n1
        n4 -->|"0"| n2
        n4 -->|"1"| n5
        n4 -->|"2"| n5
        t2 --> n4
      "
    `);
  });
  it("counts automatic names in base 24", () => {
    expect([0, 23, 24, 25, 48].map(automaticName)).toEqual([
      "alpha_",
      "omega_",
      "beta_alpha_",
      "beta_beta_",
      "gamma_alpha_",
    ]);
  });
});
