"""PyTorch on the workloads of run.mjs: the same weights and tokens (from files), shapes and types. One JSON line per result.

    python bench/gpu/torch_peer.py --data DIR [--device cuda|cpu] [--only matmul,training,decode] [--modes eager,compile]
        [--sizes 512,1024] [--dtypes f32,f16] [--models 4M,117M] [--shapes 32x512] [--tokens 255] [--seconds 3] [--repetitions 7]

DIR is written by `run.mjs --data=DIR`. f32 is float32 throughout (TF32 off). f16 is what PyTorch's users run: autocast to
float16 with float32 weights and a GradScaler. Attention is scaled_dot_product_attention, the optimizer the fused AdamW.
compare.mjs runs both sides and prints ratios.
"""

import argparse
import json
import os
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

CHECKED_STEPS = 3


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", default="matmul,training,decode")
    parser.add_argument("--modes", default="eager,compile")
    parser.add_argument("--sizes", default="512,1024,2048,4096")
    parser.add_argument("--dtypes", default="f32,f16")
    parser.add_argument("--models", default="4M,117M")
    parser.add_argument("--shapes", default="32x512")
    parser.add_argument("--tokens", type=int, default=255)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--repetitions", type=int, default=7)
    return parser.parse_args()


args = read_arguments()
device = torch.device(args.device)
is_cuda = device.type == "cuda"
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")
shapes = [tuple(map(int, shape.split("x"))) for shape in args.shapes.split(",") if shape]
dtypes = [dtype for dtype in args.dtypes.split(",") if dtype]


def finish():
    if is_cuda:
        torch.cuda.synchronize()


def measure(run):
    """Seconds per unit of work, one figure per repetition; run(n) does n units. Warm-up is not counted."""

    def timed(count):
        start = time.perf_counter()
        run(count)
        finish()
        return time.perf_counter() - start

    timed(1)
    wanted = args.seconds / args.repetitions
    count, elapsed = 1, timed(1)
    while elapsed < wanted / 2:
        count = max(count + 1, min(count * 8, int(count * wanted / max(elapsed, 1e-5))))
        elapsed = timed(count)
    return [timed(count) / count for _ in range(args.repetitions)]


def report(bench, unit, work, times, **facts):
    digits = lambda x: float(f"{x:.6g}")
    line = {
        "bench": bench,
        **facts,
        "unit": unit,
        "median": digits(work / statistics.median(times)),
        "min": digits(work / max(times)),
        "max": digits(work / min(times)),
        "msMedian": digits(1000 * statistics.median(times)),
        "repetitions": len(times),
        "device": "torch",
        "adapter": torch.cuda.get_device_name(0) if is_cuda else f"cpu, {torch.get_num_threads()} threads",
        "engine": f"torch {torch.__version__}",
    }
    print(json.dumps(line), flush=True)


def bench_matmul():
    batch, length = shapes[0]
    rows = batch * length
    products = [(n, n, n, "nn") for n in map(int, filter(None, args.sizes.split(",")))]
    products += [(rows, 768, 256, "nt"), (rows, 256, 768, "nn"), (768, 256, rows, "tn"), (rows, 2000, 256, "nt")]
    for dtype in dtypes:
        kind = torch.float32 if dtype == "f32" else torch.float16
        for m, n, k, layout in products:
            a = torch.randn((k, m) if layout == "tn" else (m, k), device=device).to(kind)
            b = torch.randn((n, k) if layout == "nt" else (k, n), device=device).to(kind)
            left = a.T if layout == "tn" else a
            right = b.T if layout == "nt" else b
            out = torch.empty((m, n), device=device, dtype=kind)

            def run(count):
                for _ in range(count):
                    torch.matmul(left, right, out=out)

            flop = 2 * m * n * k
            report("matmul", "TFLOP/s", flop / 1e12, measure(run), dtype=dtype, shape=f"{m}x{n}x{k}", layout=layout, mode="eager")


class Block(nn.Module):
    def __init__(self, size):
        super().__init__()
        width, inner = size["hiddenSize"], size["intermediateSize"]
        self.heads = size["numHeads"]
        self.norm1 = nn.RMSNorm(width, eps=1e-5)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.norm2 = nn.RMSNorm(width, eps=1e-5)
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x, cos, sin, cache=None, start=0):
        batch, length, width = x.shape
        h = self.norm1(x)
        q, k, v = (f(h).view(batch, length, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            cache[0][:, :, start : start + length] = k
            cache[1][:, :, start : start + length] = v
            k, v = cache[0][:, :, : start + length], cache[1][:, :, : start + length]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1)
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, width))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(size["vocabSize"], size["hiddenSize"])
        self.layers = nn.ModuleList(Block(size) for _ in range(size["numLayers"]))
        self.norm = nn.RMSNorm(size["hiddenSize"], eps=1e-5)
        self.head = nn.Linear(size["hiddenSize"], size["vocabSize"], bias=False)

    def forward(self, ids, cos, sin, caches=None, start=0):
        x = self.embedding(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, None if caches is None else caches[i], start)
        return self.head(self.norm(x))


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).to(x.dtype)


def rotation_table(size, length):
    width = size["hiddenSize"] // size["numHeads"]
    frequencies = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.outer(torch.arange(length, dtype=torch.float64), frequencies)
    return angles.cos().float().to(device), angles.sin().float().to(device)


def load_model(name):
    with open(os.path.join(args.data, f"{name}.json")) as file:
        size = json.load(file)
    values = torch.from_numpy(np.fromfile(os.path.join(args.data, f"{name}.weights.bin"), "<f4"))
    model = Llama(size)
    at = 0
    with torch.no_grad():
        # Modules declare their parts in the order of the file.
        for parameter in model.parameters():
            parameter.copy_(values[at : at + parameter.numel()].view_as(parameter))
            at += parameter.numel()
    assert at == values.numel(), (at, values.numel())
    return model.to(device)


def load_rows(name, length):
    tokens = torch.from_numpy(np.fromfile(os.path.join(args.data, f"{name}.tokens.bin"), "<i4").astype(np.int64))
    count = tokens.numel() // (length + 1)
    return tokens[: count * (length + 1)].view(count, length + 1).to(device)


def bench_training(name, mode, dtype, batch, length):
    model = load_model(name)
    size = model.size
    rows = load_rows(name, length)
    cos, sin = rotation_table(size, length)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == "f16")

    def loss_of(ids, targets):
        with torch.autocast(device.type, torch.float16, enabled=dtype == "f16"):
            logits = model(ids, cos, sin)
        return F.cross_entropy(logits.float().view(-1, size["vocabSize"]), targets.reshape(-1))

    if mode == "compile":
        loss_of = torch.compile(loss_of)
    counter = 0

    def step():
        nonlocal counter
        start = counter * batch
        counter += 1
        chosen = torch.arange(start, start + batch, device=device) % rows.shape[0]
        taken = rows[chosen]
        loss = loss_of(taken[:, :-1].contiguous(), taken[:, 1:].contiguous())
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss

    started = time.perf_counter()
    losses = [step().item()]
    first = 1000 * (time.perf_counter() - started)
    losses += [step().item() for _ in range(CHECKED_STEPS - 1)]

    def run(count):
        for _ in range(count):
            step()

    memory = {"memoryMiB": torch.cuda.max_memory_allocated() >> 20} if is_cuda else {}
    facts = {"model": name, "dtype": dtype, "shape": f"{batch}x{length}", "mode": mode}
    report("training", "tokens/s", batch * length, measure(run), **facts, losses=[round(x, 5) for x in losses], firstStepMs=first, **memory)


def bench_decode(name, mode):
    model = load_model(name).eval()
    size = model.size
    total = args.tokens + 1
    cos, sin = rotation_table(size, total)
    width = size["hiddenSize"] // size["numHeads"]
    forward = torch.compile(model, dynamic=True) if mode == "compile" else model

    def generate():
        shape = (1, size["numHeads"], total, width)
        caches = [(torch.zeros(shape, device=device), torch.zeros(shape, device=device)) for _ in model.layers]
        token = torch.ones((1, 1), dtype=torch.int64, device=device)
        out = []
        for at in range(args.tokens):
            logits = forward(token, cos[at : at + 1], sin[at : at + 1], caches, at)
            token = logits[:, -1:].argmax(-1)
            out.append(token)
        return torch.cat(out, 1)

    def run(count):
        for _ in range(count):
            generate()

    with torch.inference_mode():
        first = generate()[0, :12].tolist()
        report("decode", "tokens/s", args.tokens, measure(run), model=name, dtype="f32", shape=f"1x{args.tokens}", mode=mode, first=first)


def attempt(what, run):
    """A mode that this machine cannot run (no compiler, too little memory) must not end the others."""
    try:
        run()
    except Exception as error:  # whatever a backend throws
        print(f"torch_peer: {what}: {type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)


only = args.only.split(",")
if "matmul" in only:
    bench_matmul()
for model_name in filter(None, args.models.split(",")):
    for mode in filter(None, args.modes.split(",")):
        if "training" in only:
            for dtype in dtypes:
                for batch, length in shapes:
                    attempt(f"training {model_name} {dtype} {mode}", lambda: bench_training(model_name, mode, dtype, batch, length))
        if "decode" in only:
            attempt(f"decode {model_name} {mode}", lambda: bench_decode(model_name, mode))
        if is_cuda:
            torch.cuda.empty_cache()
