/**
 * @file A project of any size, the same bytes each time: what a team's experiments look like after some years.
 *
 *     base.yaml ← kinds/K ← families/F ← sizes/S ← studies/T ← configs/T/cNNNN.yaml      six levels of extends
 *
 * Every level overrides blocks of those above, includes shared parts, and keeps sub-templates of its own; a config prints some 150 lines. A study has ten
 * configs, a size five studies, a family four sizes, a kind five families, so that the number of templates grows with that of the configs.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const configsPerStudy = 10;
const studiesPerSize = 5;
const sizesPerFamily = 4;
const familiesPerKind = 5;

/** Writes a workspace with one project of `count` configs; returns the project's folder, the number of files and of their bytes. */
export function writeSynthetic(folder, count) {
  const project = join(folder, "project");
  const templates = join(project, "templates");
  const files = new Map();
  files.set(join(folder, "forgather_workspace/base_directories.yaml"), `-- set ns.forgather_dir = workspace_root\n`);
  files.set(
    join(project, "meta.yaml"),
    `name: "Synthetic"\ndescription: "${count} configs at depth 6"\nsearchdir:\n    - "{{ joinpath(project_dir, 'templates') }}"\n    - "{{ joinpath(workspace_root, 'forgather_workspace') }}"\nconfig_prefix: "configs"\ndefault_config: "${configName(0)}"\n`,
  );
  files.set(join(templates, "base.yaml"), base);
  files.set(join(templates, "inc/headings.jinja"), headings);
  for (const [name, text] of Object.entries(parts)) files.set(join(templates, `parts/${name}.yaml`), text);
  for (let config = 0; config < count; config += 1) {
    const study = Math.floor(config / configsPerStudy);
    const size = Math.floor(study / studiesPerSize);
    const family = Math.floor(size / sizesPerFamily);
    const kind = Math.floor(family / familiesPerKind);
    files.set(join(templates, `kinds/k${kind}.yaml`), kindText(kind));
    files.set(join(templates, `families/f${family}.yaml`), familyText(family, kind));
    files.set(join(templates, `sizes/s${size}.yaml`), sizeText(size, family));
    files.set(join(templates, `studies/t${study}.yaml`), studyText(study, size));
    files.set(join(templates, "configs", configName(config)), configText(config, study));
  }
  let bytes = 0;
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    bytes += text.length;
  }
  return { project, files: files.size, bytes };
}

export function configName(config) {
  return `t${Math.floor(config / configsPerStudy)}/c${String(config).padStart(5, "0")}.yaml`;
}

const headings = `-- macro h1(text)
#${"-".repeat(78)}
# {{ text }}
#${"-".repeat(78)}
-- endmacro
-- macro h2(text)
# ----- {{ text }} -----
-- endmacro
`;

const base = `## What every experiment has.
-- set ns = namespace()
-- from 'inc/headings.jinja' import h1, h2
-- include 'base_directories.yaml'
-- block metadata
    -- set ns.config_name = "Undefined"
    -- set ns.description = "Undefined"
    -- set ns.hidden_size = 128
    -- set ns.layers = 2
    -- set ns.seed = 42
-- endblock metadata
-- block globals
    -- set ns.output_dir = joinpath(project_dir, 'output_models', ns.config_name)
-- endblock globals
== h1(ns.config_name)
# {{ utcisotime() }}
# Description: {{ ns.description }}
# Project Dir: {{ project_dir }}

-- block definitions required
-- endblock definitions

-- block dynamic_args
dynamic_args:
    lr: { names: "--lr", type: "float", help: "Learning rate" }
    seed: { names: [ "--seed", "-S" ], type: "int", help: "Seed of all random streams" }
-- endblock dynamic_args

== h2("Meta")
meta: &meta_output !dict:@meta
    config_name: "{{ ns.config_name }}"
    config_description: "{{ ns.description }}"
    config_class: "type.experiment"
    project_dir: "{{ project_dir }}"
    workspace_root: "{{ workspace_root }}"
    output_dir: "{{ ns.output_dir }}"

== h2("Main")
main: !dict
    layers: *layers
    head: *head
    optimizer: *optimizer
    lr_scheduler: *lr_scheduler
    schedule: *schedule
    arguments: *arguments
    notes: *notes
`;

const parts = {
  layers: `layers: &layers !list:@layers
-- for i in range(ns.layers)
    - !singleton:fgc/nn:Linear
        in_features: {{ ns.hidden_size }}
        out_features: {{ ns.hidden_size }}
        bias: {{ (i % 2 == 0) | toyaml }}
-- endfor
`,
  head: `head: &head !singleton:fgc/nn:RMSNorm@head
    normalized_shape: {{ ns.hidden_size }}
    eps: 1.0e-6
`,
  optimizer: `## Keeps to what most studies found.
-- block optimizer_header
== h2("Optimizer")
-- endblock optimizer_header
optimizer: &optimizer !partial:fgc/optim:AdamW
    lr: {{ lr | toyaml(1.0e-3) }}
    -- block optimizer_args
    betas: !tuple [ 0.9, 0.95 ]
    weight_decay: 0.01
    -- endblock optimizer_args
`,
  scheduler: `lr_scheduler: &lr_scheduler !partial:fgc/optim:CosineWithWarmup
    num_warmup_steps: {{ ns.warmup | default(100) }}
`,
  notes: `notes: &notes
    - "seed {{ ns.seed }}"
    - "hidden {{ ns.hidden_size }}"
    -- if ns.layers > 4
    - "deep: {{ ns.layers }} layers"
    -- else
    - "shallow"
    -- endif
`,
};

const kindText = (kind) => `-- extends 'base.yaml'

[metadata]
    == super()
    -- set ns.kind = "kind ${kind}"
    -- set ns.from_h2 = h2 is defined

[definitions]
-- from 'inc/headings.jinja' import h2
    [layers_definition]
== h2("Layers")
-- include 'parts/layers.yaml'
-- include 'parts/head.yaml'

    [optimizer_definition]
-- include 'parts/optimizer.yaml'

    [scheduler_definition]
-- include 'parts/scheduler.yaml'

    [schedule_definition]
== h2("Schedule")
schedule: &schedule
    kind: "${kind}"
    phases:
-- for phase in [ "warmup", "steady", "decay" ]
        - { name: "{{ phase }}", steps: {{ (loop.index * 1000) | int }}, last: {{ loop.last | toyaml }} }
-- endfor

    [arguments_definition]
-- include 'k${kind}.arguments'

    [notes_definition]
-- include 'parts/notes.yaml'

#-------------------- k${kind}.arguments --------------------
-- block arguments
arguments: &arguments !dict
    output_dir: "{{ ns.output_dir }}"
    seed: {{ seed | toyaml(ns.seed) }}
    per_device_train_batch_size: 16
    per_device_eval_batch_size: 32
    gradient_accumulation_steps: 1
    max_steps: -1
    num_train_epochs: 1
    logging_steps: 100
    eval_strategy: "steps"
    eval_steps: 500
    save_strategy: "steps"
    save_steps: 1000
    save_total_limit: 2
    dataloader_num_workers: 1
    max_grad_norm: 1.0
-- endblock arguments
`;

const familyText = (family, kind) => `## Family ${family}: one question, several sizes of model.
-- extends 'kinds/k${kind}.yaml'

[metadata]
    == super()
    -- set ns.family = "family ${family}"
    -- set ns.warmup = ${50 + (family % 7) * 25}

[schedule_definition]
    == super()
    family: "{{ ns.family }}"
    milestones: [ {% for i in range(1, 6) %}{{ i * ${100 + family} }}{% if not loop.last %}, {% endif %}{% endfor %} ]
`;

const sizeText = (size, family) => `-- extends 'families/f${family}.yaml'

[metadata]
    == super()
    -- set ns.hidden_size = ${[128, 256, 384, 512][size % 4]}
    -- set ns.layers = ${2 + (size % 6)}

[arguments_definition]
-- include 's${size}.arguments'

#-------------------- s${size}.arguments --------------------
-- extends 'k${Math.floor(family / familiesPerKind)}.arguments'

[arguments]
    == super()
    # What fits into memory at this size
    per_device_train_batch_size: ${[64, 32, 16, 8][size % 4]}
    gradient_accumulation_steps: ${1 + (size % 4)}
`;

const studyText = (study, size) => `-- extends 'sizes/s${size}.yaml'

[metadata]
    == super()
    -- set ns.study = "study ${study}"
    -- set ns.seed = ${1000 + study}

[notes_definition]
    == super()
    - "{{ ns.study }} of {{ ns.family }}, {{ ns.kind }}"
    -- for word in "${["alpha beta gamma", "delta epsilon", "zeta eta theta iota"][study % 3]}".split()
    - "{{ word | upper }} {{ loop.index0 }}"
    -- endfor
`;

const configText = (config, study) => `## One run of study ${study}.
-- extends 'studies/t${study}.yaml'

[metadata]
    == super()
    -- set ns.config_name = "run_${config}"
    -- set ns.description = "Run ${config % configsPerStudy} of " ~ ns.study

[arguments_definition]
    == super()
    learning_rate_scale: ${((config % configsPerStudy) + 1) / 10}
    run_name: "{{ ns.config_name }}"
    tags: [ "{{ ns.family }}", "{{ ns.study }}", "run" ]
`;
