/**
 * @file Upstream's idiom for a model: code generated from a graph, written to a file, imported again.
 *
 *     code:   !meta:forgather.codegen:generate_code { obj: *parts, model_type: T }
 *     writer: !singleton:forgather.ml.construct:write_file { data: *code, output_file: F }
 *     config: !singleton:F:ModelConfig { hidden_size: 256, …, code_generator: *writer }
 *     model:  !partial:F:Model { arg0: *config, attn_implementation: sdpa }
 *
 * Here all four are one thing, a model module: `config` is its config, `code` its parts, and `model` is the module. What upstream builds around it,
 * to save the config and the tokenizer beside the Python files and to load them again, comes to the config, the tokenizer and the module themselves:
 * a bundle carries them.
 *
 * Run on each project's graph before variables are bound, since a module's parts keep theirs.
 */
import type { CallNode, GraphValue, Keyword } from "../node.ts";
import { assetSpec, isCallOf, keyText, keyword, modelModuleSpec, scalar, textOf, walk } from "./queries.ts";
import { rewrite } from "./rewrite.ts";

const construct = "forgather.ml.construct:";
const isNamed = (node: GraphValue | undefined, spec: string): node is CallNode =>
  node !== undefined && isCallOf(node, spec);

/** Arguments of the generated classes that say how Python finds their files. */
const fileArguments = new Set(["code_generator", "auto_map", "submodule_searchpath", "trust_remote_code"]);
/** Arguments of the generator that a model module has too. */
const moduleArguments = new Set(["obj", "name_policy"]);

export function foldGeneratedModels(root: GraphValue): GraphValue {
  if (![...walk(root)].some((node) => isCallOf(node, `${construct}write_file`) || isUnfolded(node))) return root;
  const folder = new ModelFolder();
  return rewrite(root, (node, original) => folder.fold(node, original));
}

function isUnfolded(node: GraphValue): boolean {
  return isCallOf(node, `${construct}dependency_list`) || isCallOf(node, modelFromConfig);
}

const modelFromConfig = "transformers:AutoModelForCausalLM.from_config";

class ModelFolder {
  /** Configs of generated models → the generator call. */
  readonly #generators = new Map<GraphValue, CallNode>();
  /** Of one config and the same further arguments there is one module. */
  readonly #modules = new Map<GraphValue, GraphValue>();

  fold(node: GraphValue, original: GraphValue): GraphValue {
    if (node.kind !== "call") return node;
    if (node.constructorSpec === `${construct}write_file`) return keyword(node, "data") ?? node;
    const generator = keyword(node, "code_generator");
    if (isNamed(generator, modelModuleSpec)) return this.#config(node, generator);
    return this.#model(node) ?? this.#saved(node, original) ?? node;
  }

  /** The config class that is imported from the generated file: a mapping, as a model module takes it. */
  #config(node: CallNode, generator: CallNode): GraphValue {
    const { submoduleSearchpath: _, ...rest } = node;
    const config: CallNode = {
      ...rest,
      constructorSpec: "fgc/models:ModelConfig",
      kwargs: node.kwargs.filter(({ name }) => !fileArguments.has(name)),
    };
    this.#generators.set(config, generator);
    return config;
  }

  /** The model class over such a config, whether imported from the file or found by transformers. */
  #model(node: CallNode): GraphValue | undefined {
    const config = node.args[0] ?? keyword(node, "config");
    const generator = config === undefined ? undefined : this.#generators.get(config);
    if (generator === undefined || config === undefined) return undefined;
    const isClass = node.constructorSpec === modelFromConfig || /\.py:\w+$/.test(node.constructorSpec);
    if (!isClass) return undefined;
    const known = this.#modules.get(config);
    if (known !== undefined) return known;
    const { submoduleSearchpath: _, latentArgs, ...rest } = node;
    const given = node.kwargs.filter(({ name }) => name !== "config" && !fileArguments.has(name));
    const made: CallNode = {
      ...rest,
      mode: "meta",
      constructorSpec: modelModuleSpec,
      args: [],
      kwargs: [
        ...generator.kwargs.filter(({ name }) => moduleArguments.has(name)),
        { name: "config", nameOrigin: config.origin, value: withModelArguments(config as CallNode, given, latentArgs) },
        ...moduleName(generator),
      ],
    };
    this.#modules.set(config, made);
    return made;
  }

  /** What is only saved to be loaded again is the thing itself. */
  #saved(node: CallNode, original: GraphValue): GraphValue | undefined {
    if (node.constructorSpec === `${construct}dependency_list`) return called(node.args[0]);
    if (node.constructorSpec !== assetSpec || original.kind !== "call") return undefined;
    const recipe = keyword(node, "recipe");
    return recipe === undefined ? undefined : savedObject(recipe);
  }
}

/** `!factory:call [ f ]` in a list of dependencies: f is what the list is for. */
function called(node: GraphValue | undefined): GraphValue | undefined {
  return isNamed(node, "call") && node.args.length === 1 ? node.args[0] : node;
}

/** `x` of `call(getattr(x, "save_pretrained"), DIR)`, alone or first of a list of dependencies. */
function savedObject(recipe: GraphValue): GraphValue | undefined {
  if (!isNamed(recipe, "call")) return undefined;
  const [method] = recipe.args;
  if (!isNamed(method, "getattr") || textOf(method.args[1]) !== "save_pretrained") return undefined;
  return method.args[0];
}

/** Arguments of the model's class are variables of its parts: `attn_implementation`. The config's own come first. */
function withModelArguments(config: CallNode, given: readonly Keyword[], latent: GraphValue | undefined): CallNode {
  const fallback = latent?.kind === "var" ? latent.fallback : latent;
  const late =
    fallback?.kind === "dict"
      ? fallback.entries.map(
          (entry): Keyword => ({ name: keyText(entry), nameOrigin: entry.key.origin, value: entry.value }),
        )
      : [];
  const names = new Set(config.kwargs.map(({ name }) => name));
  const added = [...given, ...late].filter(({ name }) => !names.has(name) && names.add(name));
  // Upstream's models choose an attention function themselves where they are given none.
  if (!names.has("attn_implementation"))
    added.push({ name: "attn_implementation", nameOrigin: config.origin, value: scalar("sdpa", config.origin) });
  return { ...config, kwargs: [...config.kwargs, ...added] };
}

function moduleName(generator: CallNode): readonly Keyword[] {
  const type = generator.kwargs.find(({ name }) => name === "model_type");
  return type === undefined ? [] : [{ ...type, name: "name" }];
}
