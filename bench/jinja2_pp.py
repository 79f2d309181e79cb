"""What a config costs in Python's own libraries: import jinja2 and PyYAML, rewrite the lines, render, read the YAML.

The smallest front end that can read fgc's example projects; a lower bound for the time of the reference implementation, which does more.
    python3 bench/jinja2_pp.py PROJECT CONFIG      prints the text
    python3 bench/jinja2_pp.py PROJECT --all       every config in one process, an environment each, as the reference has it; prints times
    python3 bench/jinja2_pp.py PROJECT --all-one-environment      the same with every template compiled once
"""
import json
import os
import posixpath
import re
import sys
import time

import jinja2
import yaml
from jinja2.sandbox import SandboxedEnvironment

STATEMENT = {"--": "{%% %s %%}", "<<": "{%%- %s %%}", ">>": "{%% %s -%%}", "==": "{{ %s }}", "=>": "{{ %s|trim('\\n') }}"}


def rewrite(source):
    lines, sections = [], []

    def close(indent):
        while sections and sections[-1] >= indent:
            sections.pop()
            lines[-1] += ('{{"\\n"}}' if lines[-1] else "") + "{% endblock +%}"

    for line in source.split("\n"):
        if re.fullmatch(r"\s*##(.*)", line):
            line = "{# #}"
        else:
            line = re.sub(r"\s#{2,}.*$", "", line)
            match = re.fullmatch(r"\s*(--|<<|>>|==|=>)\s(.*)", line)
            if match:
                line = STATEMENT[match[1]] % match[2]
        match = re.match(r"^(\s*)\[(\w+)\]\s*$", line)
        if match:
            close(len(match[1]))
            sections.append(len(match[1]))
            line = "{% block " + match[2] + " %}"
        lines.append(line)
    close(-1)
    return "\n".join(lines)


class Loader(jinja2.BaseLoader):
    def __init__(self, path):
        self.path, self.parts = path, {}

    def get_source(self, environment, name):
        if name not in self.parts:
            file = next((f for p in self.path if os.path.isfile(f := os.path.join(p, name))), None)
            if file is None:
                raise jinja2.TemplateNotFound(name)
            with open(file) as stream:
                main, *rest = re.split(r"\n#\s*-{3,}\s*([\w./]+)\s*-{3,}\n", stream.read())
            self.parts |= {name: main, **dict(zip(rest[::2], rest[1::2]))}
        return rewrite(self.parts[name]), name, lambda: True


def to_yaml(value, default=jinja2.Undefined()):
    value = default if isinstance(value, jinja2.Undefined) else value
    return "null" if value is None else yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").rstrip("\n")


def environment(path, **names):
    env = SandboxedEnvironment(loader=Loader(path), undefined=jinja2.StrictUndefined, trim_blocks=True)
    env.filters["toyaml"] = to_yaml
    env.globals.update(
        joinpath=posixpath.join, normpath=posixpath.normpath, abspath=os.path.abspath, getcwd=os.getcwd, hostname="host", versions={},
        utcisotime=lambda: "2026-01-01T00:00:00", filetime=lambda: "2026-01-01T00-00-00", forgather_config_dir=lambda: "config", **names,
    )
    return env


class AnyTag(yaml.SafeLoader):
    pass


def construct(loader, suffix, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


AnyTag.add_multi_constructor("!", construct)

def open_project(folder):
    project = os.path.abspath(folder)
    workspace = project
    while not os.path.isdir(os.path.join(workspace, "forgather_workspace")):
        workspace = os.path.dirname(workspace)
    names = {"project_dir": project, "workspace_root": workspace}
    shared = os.path.join(workspace, "forgather_workspace")
    meta = yaml.safe_load(environment([project, shared], **names).get_template("meta.yaml").render())
    return environment(meta["searchdir"], **names), meta


def run_all(folder, one_environment):
    """Every config of a project in this process. The reference makes an environment for each config; one for all compiles each template once only."""
    started = time.perf_counter()
    env, meta = open_project(folder)
    prefix = next(path for d in meta["searchdir"] if os.path.isdir(path := os.path.join(d, meta["config_prefix"])))
    configs = sorted(os.path.relpath(os.path.join(at, name), prefix) for at, _, names in os.walk(prefix) for name in names)
    texts = []
    for config in configs:
        texts.append((env if one_environment else open_project(folder)[0]).get_template("configs/" + config).render())
    rendered = time.perf_counter()
    for text in texts:
        yaml.load(text, AnyTag)
    done = time.perf_counter()
    times = {"render_s": rendered - started, "yaml_s": done - rendered, "total_s": done - started}
    print(json.dumps({"configs": len(configs), "lines": sum(text.count("\n") for text in texts), **times}))


if sys.argv[2] in ("--all", "--all-one-environment"):
    run_all(sys.argv[1], sys.argv[2] != "--all")
else:
    text = open_project(sys.argv[1])[0].get_template("configs/" + sys.argv[2]).render()
    yaml.load(text, AnyTag)
    print(text)
