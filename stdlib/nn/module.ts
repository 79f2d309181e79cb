/**
 * @file Module: the base of everything that has weights.
 *
 * A module's own properties, in the order in which the class declares them, are its parts: a `Parameter` is trained, another
 * `StateTensor` is a buffer (saved, not trained), a `Module` or an array of them is a child. Names are the properties' names in
 * snake_case joined by dots, so that checkpoints carry the names that PyTorch and Hugging Face users know:
 * `causalLm.layerStack.layers[0].attention.queryLinear.weight` is `causal_lm.layer_stack.layers.0.attention.query_linear.weight`.
 * What a module only borrows goes into a `#private` field, which the walk does not see.
 */
import { decodeToFloat32, type HostTensor, Parameter, type Session, StateTensor, withScope } from "fgc/runtime";
import { UserError } from "../faults.ts";

/** Options of `Module.loadStateDict`. */
export interface LoadStateDictOptions {
  /** Names that are missing or unknown are an error. Default true. */
  readonly strict?: boolean;
  /** A session that already holds the weights on its device: they are overwritten there too. */
  readonly session?: Session | undefined;
}

/** Names that `loadStateDict` did not find in the values, and names in the values that the module does not have. */
export interface LoadStateDictResult {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** The base of everything that has parameters: finds them in its properties, names them, and passes on modes and initial values. */
export abstract class Module {
  /** Whether dropout is active. Changed by `train()` and `eval()`; read when a function is traced. */
  training = true;

  /** The name inside the parent, once a root module has named its tree; the class name before that. */
  #scopeName: string = this.constructor.name;

  constructor() {
    // Every call of a module's `forward` runs in a scope with its name, so that a shape error in the middle of a model says
    // where: `causal_lm.layer_stack.layers.2.feedforward: linear: …`. Doing it here keeps users' layers free of the bookkeeping.
    const forward: unknown = Reflect.get(this, "forward");
    if (typeof forward === "function") {
      Object.defineProperty(this, "forward", {
        value: (...args: unknown[]): unknown =>
          withScope(this.#scopeName, () => Reflect.apply(forward, this, args), this.constructor.name),
        writable: true,
        configurable: true,
        enumerable: false,
      });
    }
  }

  /** This module and all below it, parents first, with their dotted names (the root's is ""). A shared module appears once. */
  *namedModules(): Generator<[string, Module]> {
    yield* walkModules(this, "", new Set());
  }

  /** The direct children with their names. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, part] of partsOf(this)) if (part instanceof Module) yield [name, part];
  }

  /** All parameters in order of declaration. A shared (tied) parameter appears once, under its first name. */
  namedParameters(): [string, Parameter][] {
    return [...this.stateDict()].filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter);
  }

  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Tensors that are saved but not trained, such as a table of positions. */
  namedBuffers(): [string, StateTensor][] {
    return [...this.stateDict()].filter(([, tensor]) => !(tensor instanceof Parameter));
  }

  /** The number of trained and frozen weights, each counted once. */
  numParameters(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** Parameters and buffers by name: what a checkpoint holds. A tied tensor appears once, under its first name. */
  stateDict(): Map<string, StateTensor> {
    const seen = new Set<StateTensor>();
    const state = new Map<string, StateTensor>();
    for (const [name, tensor] of this.#namedState()) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      state.set(name, tensor);
    }
    return state;
  }

  /** For each tied tensor its further names: `lm_head.weight` → `causal_lm.input_encoder.embedding.weight`. */
  tiedNames(): Map<string, string> {
    const first = new Map<StateTensor, string>();
    const tied = new Map<string, string>();
    for (const [name, tensor] of this.#namedState()) {
      const owner = first.get(tensor);
      if (owner === undefined) first.set(tensor, name);
      else tied.set(name, owner);
    }
    return tied;
  }

  /**
   * Replace parameters and buffers by `values`. A tied tensor may come under any of its names; 16-bit floats are widened where the
   * tensor here is f32.
   *
   * @throws UserError  `model/state-dict-mismatch` when names or shapes do not fit; nothing is changed then
   */
  loadStateDict(values: ReadonlyMap<string, HostTensor>, options: LoadStateDictOptions = {}): LoadStateDictResult {
    const { strict = true, session } = options;
    const tied = this.tiedNames();
    const state = this.stateDict();
    const found = new Map<string, HostTensor>();
    const unexpected: string[] = [];
    for (const [name, value] of values) {
      const owner = tied.get(name) ?? name;
      const tensor = state.get(owner);
      if (tensor === undefined) unexpected.push(name);
      else if (owner === name || !values.has(owner)) found.set(owner, tensor.dtype === "f32" ? widen(value) : value);
    }
    const missing = [...state.keys()].filter((name) => !found.has(name));
    const misfits = [...found].flatMap(([name, value]) => describeMisfit(name, state.get(name)!, value));
    if (misfits.length > 0 || (strict && (missing.length > 0 || unexpected.length > 0))) {
      const problems = [
        ...misfits,
        ...(strict && missing.length > 0 ? [`missing: ${listNames(missing)}`] : []),
        ...(strict && unexpected.length > 0 ? [`unknown: ${listNames(unexpected)}`] : []),
      ];
      throw new UserError(
        "model/state-dict-mismatch",
        `the weights do not fit ${this.constructor.name}: ${problems.join("; ")}`,
        {
          hint: "the weights were saved by a model of another shape: compare config.json beside them with this model's",
        },
      );
    }
    for (const [name, value] of found) {
      const tensor = state.get(name)!;
      tensor.initial = value.data;
      session?.write(tensor, value.data);
    }
    return { missing, unexpected };
  }

  /** Switch dropout on (`true`) or off, here and in all children. Returns this module. */
  train(mode = true): this {
    for (const [, module] of this.namedModules()) module.training = mode;
    return this;
  }

  /** Switch dropout off, here and in all children. Returns this module. */
  eval(): this {
    return this.train(false);
  }

  /** Call `fn` on every module below this one, children before parents, and on this one last. */
  apply(fn: (module: Module) => void): this {
    for (const [, module] of [...this.namedModules()].reverse()) fn(module);
    return this;
  }

  /**
   * Write the dotted names into the tree: labels of tensors, scopes of error messages. A root model calls this at the end of its
   * constructor; parameters are drawn from random streams that their labels name.
   */
  assignNames(): void {
    for (const [name, tensor] of this.stateDict()) tensor.label = name;
    for (const [, module] of this.namedModules()) {
      for (const [childName, child] of module.namedChildren()) child.#scopeName = childName;
    }
  }

  /** What stands between the parentheses of `toString`: `in=256, out=768, bias=false`. */
  protected describe(): string {
    return "";
  }

  /** The tree of modules, one per line, as PyTorch prints it. */
  toString(): string {
    const head = `${this.constructor.name}(${this.describe()}`;
    const children = [...this.namedChildren()].map(
      ([name, child]) => `  (${name}): ${child.toString().replaceAll("\n", "\n  ")}`,
    );
    return children.length === 0 ? `${head})` : `${head}\n${children.join("\n")}\n)`;
  }

  *#namedState(): Generator<[string, StateTensor]> {
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, part] of partsOf(module)) {
        if (part instanceof StateTensor) yield [join(prefix, name), part];
      }
    }
  }
}

/** The module's parts: state tensors and modules among its own properties, arrays spread out. */
function* partsOf(module: Module): Generator<[string, StateTensor | Module]> {
  for (const [key, value] of Object.entries(module)) {
    const name = snakeCase(key);
    if (isPart(value)) yield [name, value];
    else if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) if (isPart(element)) yield [`${name}.${index}`, element];
    }
  }
}

function isPart(value: unknown): value is StateTensor | Module {
  return value instanceof StateTensor || value instanceof Module;
}

function* walkModules(module: Module, prefix: string, seen: Set<Module>): Generator<[string, Module]> {
  if (seen.has(module)) return;
  seen.add(module);
  yield [prefix, module];
  for (const [name, child] of module.namedChildren()) yield* walkModules(child, join(prefix, name), seen);
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/** f16 and bf16 as f32, exactly; anything else as it is. */
function widen(value: HostTensor): HostTensor {
  const { data, dtype, shape } = value;
  if ((dtype !== "f16" && dtype !== "bf16") || !(data instanceof Uint16Array)) return value;
  return { data: decodeToFloat32(dtype, data), shape, dtype: "f32" };
}

function describeMisfit(name: string, tensor: StateTensor, value: HostTensor): string[] {
  if (tensor.shape.length !== value.shape.length || tensor.shape.some((extent, axis) => extent !== value.shape[axis])) {
    return [`${name} is [${tensor.shape}] here, [${value.shape}] in the weights`];
  }
  return tensor.dtype === value.dtype ? [] : [`${name} is ${tensor.dtype} here, ${value.dtype} in the weights`];
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
