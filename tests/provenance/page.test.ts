/** @file The page of `fgc pp --html`: complete in itself, its text the config's, its places those of the templates. */
import { expect, it } from "vitest";
import { fgc } from "../cli/memory-host.ts";

const files = {
  "/ws/forgather_workspace/README.md": "",
  "/ws/project/meta.yaml": 'name: "A <b>bold</b> project"\ndefault_config: "config.yaml"\n',
  "/ws/project/templates/base.yaml": "-- block main\nmain:\n    lr: {{ lr | default(0.1) }}\n-- endblock main\n",
  "/ws/project/templates/configs/config.yaml":
    "-- extends 'base.yaml'\n\n[main]\n    == super()\n    text: \"</script><!-- & {{ 'q' }}\"\n",
};

async function page(): Promise<string> {
  const { code, stdout } = await fgc({ files }, "pp", "--html");
  expect(code).toBe(0);
  return stdout;
}

function linesOf(html: string): readonly string[] {
  const plain = (text: string) =>
    text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  return [...html.matchAll(/<code>(.*?)<\/code>/g)].map(([, code = ""]) => plain(code.replace(/<[^>]*>/g, "")));
}

it("holds the text as it is", async () => {
  const { stdout } = await fgc({ files }, "pp");
  expect(linesOf(await page()).join("\n")).toBe(stdout);
});

it("needs nothing from elsewhere", async () => {
  const html = await page();
  expect(html).not.toMatch(/\b(?:src|href)=|@import|url\(|https?:/);
});

it("escapes what templates and projects are called and say", async () => {
  const html = await page();
  expect(html).toContain("A &lt;b&gt;bold&lt;/b&gt; project");
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/script>/g)).toHaveLength(2);
});

it("has a script that parses, and data that it can read", async () => {
  const html = await page();
  const [, data = "", script = ""] =
    /<script id="data" type="application\/json">([\s\S]*?)<\/script>\s*<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
  expect(() => new Function(script)).not.toThrow();
  const { origins, templates } = JSON.parse(data) as {
    origins: { at: [number, number]; from: { note: string; value?: string }[] }[];
    templates: { name: string; text: string }[];
  };
  expect(templates.map(({ name }) => name).sort()).toEqual(["base.yaml", "configs/config.yaml"]);
  for (const { at } of origins) expect(templates[at[0]]?.text.split("\n").length).toBeGreaterThanOrEqual(at[1]);
  expect(origins.flatMap(({ from }) => from.map(({ note }) => note))).toContain("default of lr");
  for (const [, id] of html.matchAll(/data-o="(\d+)"/g)) expect(origins[Number(id)]).toBeDefined();
});
