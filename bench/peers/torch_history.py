"""Times training steps of models with histories in PyTorch, for bench/history_models.ts, which has the sizes.

    python3 torch_history.py '{"batch": 1024, "places": 50, "rows": [10000, 100000, 1000], "dim": 16, "seconds": 4,
        "ways": ["eager", "compile", "graph"]}'

Prints a line of JSON: the version, where it ran, and the median milliseconds of a step by model and way. "eager": tables
get sparse gradients and SparseAdam, all else Adam, so that only the rows of a batch are updated. On a GPU also
"compile", the model compiled and one fused Adam over everything, and "graph", the whole such step as one CUDA graph.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"


class Fields(nn.Module):
    """Embeddings of user, item and category, and of the items and categories of a history."""

    def __init__(self, rows, dim, sparse):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(n, dim, sparse=sparse) for n in rows])
        for table in self.tables:
            nn.init.normal_(table.weight, std=1e-4)

    def forward(self, ids, history):
        fields = [table(ids[:, f]) for f, table in enumerate(self.tables)]
        items = torch.cat([self.tables[f + 1](history[:, f]) for f in range(2)], dim=-1)
        return torch.cat(fields, dim=-1), torch.cat(fields[1:], dim=-1), items


def mlp(*widths):
    layers = []
    for n, m in zip(widths[:-1], widths[1:]):
        layers += [nn.Linear(n, m), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Din(nn.Module):
    def __init__(self, rows, dim, hidden, sparse, **_):
        super().__init__()
        self.fields = Fields(rows, dim, sparse)
        self.unit = mlp(8 * dim, 64, 1)
        self.head = mlp(5 * dim, *hidden, 1)

    def forward(self, ids, history):
        e, q, k = self.fields(ids, history)
        t = q.unsqueeze(1).expand_as(k)
        w = self.unit(torch.cat([t, k, t - k, t * k], dim=-1))
        return self.head(torch.cat([e, (w * k).sum(1)], dim=-1))


class Bst(nn.Module):
    def __init__(self, rows, dim, hidden, sparse, places):
        super().__init__()
        self.fields = Fields(rows, dim, sparse)
        self.positions = nn.Parameter(torch.randn(places + 1, dim) * 0.01)
        self.attention = nn.MultiheadAttention(3 * dim, 2, batch_first=True)
        self.norms = nn.ModuleList([nn.LayerNorm(3 * dim), nn.LayerNorm(3 * dim)])
        self.feed = nn.Sequential(nn.Linear(3 * dim, 3 * dim), nn.LeakyReLU(), nn.Linear(3 * dim, 3 * dim))
        self.head = mlp(6 * dim, *hidden, 1)

    def forward(self, ids, history):
        e, q, k = self.fields(ids, history)
        h = torch.cat([k, q.unsqueeze(1)], dim=1)
        h = torch.cat([h, self.positions.expand(len(h), -1, -1)], dim=-1)
        s = self.norms[0](h + self.attention(h, h, h, need_weights=False)[0])
        h = self.norms[1](s + self.feed(s))
        return self.head(torch.cat([e, h.mean(1)], dim=-1))


class Sdim(nn.Module):
    HASHES, BITS, UNITS, HEADS, WINDOW = 48, 3, 64, 2, 50

    def __init__(self, rows, dim, hidden, sparse, **_):
        super().__init__()
        self.fields = Fields(rows, dim, sparse)
        self.register_buffer("directions", torch.randn(2 * dim, self.HASHES * self.BITS))
        self.register_buffer("powers", torch.tensor([1, 2, 4]))
        self.projections = nn.ModuleList([nn.Linear(2 * dim, self.UNITS, bias=False) for _ in range(3)])
        self.out = nn.Linear(self.UNITS, 2 * dim, bias=False)
        self.head = mlp(7 * dim, *hidden, 1)

    def codes(self, x):
        signs = (x @ self.directions > 0).view(*x.shape[:-1], self.HASHES, self.BITS)
        return (signs * self.powers).sum(-1)

    def forward(self, ids, history):
        e, q, k = self.fields(ids, history)
        with torch.no_grad():
            w = (self.codes(k) == self.codes(q).unsqueeze(1)).float().mean(-1)
        long = torch.bmm(w.unsqueeze(1), k).squeeze(1)
        query, key, value = [p(x) for p, x in zip(self.projections, [q.unsqueeze(1), k[:, -self.WINDOW:], k[:, -self.WINDOW:]])]
        apart = lambda x: x.view(len(x), -1, self.HEADS, self.UNITS // self.HEADS).transpose(1, 2)
        short = F.scaled_dot_product_attention(apart(query), apart(key), apart(value))
        return self.head(torch.cat([e, long, self.out(short.flatten(1))], dim=-1))


def draw_batch(batch, places, rows):
    generator = torch.Generator().manual_seed(1)
    draw = lambda shape, n: torch.randint(n, shape, generator=generator)
    ids = torch.stack([draw((batch,), n) for n in rows], dim=1)
    history = torch.stack([draw((batch, places), n) for n in rows[1:]], dim=1)
    return [part.to(DEVICE) for part in (ids, history, draw((batch,), 2).float())]


def optimizers_of(model, sparse):
    tables = [p for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters()] if sparse else []
    known = {id(p) for p in tables}
    others = [p for p in model.parameters() if id(p) not in known]
    dense = torch.optim.Adam(others, lr=1e-3, fused=CUDA, capturable=CUDA and not sparse)
    return [dense, *([torch.optim.SparseAdam(tables, lr=1e-3)] if sparse else [])]


def record(step):
    """Records a step as one CUDA graph, after some that are not recorded."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def step_ms(kind, way, seconds, batch, places, rows, dim):
    model = kind(rows, dim, hidden=[128, 64], sparse=way == "eager", places=places).to(DEVICE)
    ids, history, labels = draw_batch(batch, places, rows)
    optimizers = optimizers_of(model, way == "eager")
    loss = lambda: F.binary_cross_entropy_with_logits(model(ids, history).squeeze(1), labels)
    if way != "eager":
        loss = torch.compile(loss)

    def step():
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=way != "graph")
        loss().backward()
        for optimizer in optimizers:
            optimizer.step()

    run = record(step) if way == "graph" else step
    run()
    # On a GPU the steps of a round wait in a queue, as they do in training.
    steps = 20 if CUDA else 1
    times = []
    begin = time.perf_counter()
    while len(times) < 6 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for _ in range(steps):
            run()
        if CUDA:
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start) / steps)
    return statistics.median(times[2:])


if __name__ == "__main__":
    sizes = json.loads(sys.argv[1])
    torch.manual_seed(1)
    where = torch.cuda.get_device_name() if CUDA else f"{torch.get_num_threads()} threads"
    ways = sizes.pop("ways") if CUDA else ["eager"]
    sizes.pop("ways", None)
    timed = {}
    for name, kind in {"din": Din, "bst": Bst, "sdim": Sdim}.items():
        timed[name] = {}
        for way in ways:
            try:
                timed[name][way] = step_ms(kind, way, **sizes)
            except RuntimeError as error:
                print(f"{name}, {way}: {error}", file=sys.stderr)
    print(json.dumps({"version": torch.__version__, "where": where, "ms": timed}))
