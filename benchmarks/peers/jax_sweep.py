"""JAX: the whole study compiled, data on the device, gather inside ``scan``, validation after every epoch.

Two layouts of the same arithmetic:

* ``tuned``: the fastest found. The activations of a seed share its batches, so the first layer is one
  ``[32, 784] x [784, 4*128]`` product; one single-threaded host device per thread (``pmap``) works through
  its seeds one after another, which keeps parameters and Adam's state in cache.
* ``vmap``: the sweep as it is commonly written, one ``jit(vmap(scan))`` per activation over all its seeds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.common import (
    BATCH,
    EPSILON,
    LEARNING_RATE,
    SLOPE,
    Data,
    Floats,
    Job,
    Outcome,
    arguments,
    glorot,
    read,
    side,
)

Params = list[Any]
Forward = Callable[[Params, Any], Any]


def host_devices(threads: int) -> None:
    """Give XLA ``threads`` single-threaded host devices; works only before JAX is imported."""
    wanted = (
        f"--xla_force_host_platform_device_count={threads} --xla_cpu_multi_thread_eigen=false "
        "--xla_cpu_prefer_vector_width=512"  # 4-8 % faster where there is AVX-512
    )
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {wanted}".strip()


def functions(names: Sequence[str]) -> list[Callable[[Any], Any]]:
    """Return the activation functions, by name."""
    import jax
    import jax.numpy as jnp

    table: dict[str, Callable[[Any], Any]] = {
        "sigmoid": jax.nn.sigmoid,
        "tanh": jnp.tanh,
        "relu": jax.nn.relu,
        "leaky_relu": lambda x: jnp.where(x > 0, x, SLOPE * x),
    }
    return [table[n] for n in names]


def forward_one(act: Callable[[Any], Any], p: Params, x: Any) -> Any:
    """Logits ``[N, 10]`` of one model."""
    h = act(x @ p[0] + p[1])
    return act(h @ p[2] + p[3]) @ p[4] + p[5]


def forward_shared(acts: Sequence[Callable[[Any], Any]], p: Params, x: Any) -> Any:
    """Logits ``[A, N, 10]`` of A models on one batch; ``p[0]`` is ``[784, A*128]``, ``p[2:]`` stacked."""
    import jax.numpy as jnp

    def each(h: Any) -> Any:
        return jnp.stack([f(h[k]) for k, f in enumerate(acts)])

    h = each((x @ p[0] + p[1]).reshape(len(x), len(acts), -1).transpose(1, 0, 2))
    h = each(jnp.einsum("abi,aio->abo", h, p[2]) + p[3][:, None])
    return jnp.einsum("abi,aio->abo", h, p[4]) + p[5][:, None]


def trainer(forward: Forward, d: Data) -> Callable[[Params, Any], Any]:
    """Return ``run(params, order)`` -> (params, history); ``order`` is int32 ``[epochs, steps, 32]``."""
    import jax
    import jax.numpy as jnp

    x, y, xv, yv = map(jnp.asarray, (d.x_train, d.y_train, d.x_val, d.y_val))

    def loss(p: Params, batch: Any, labels: Any) -> Any:
        log = jax.nn.log_softmax(forward(p, batch))
        picked = jnp.take_along_axis(log, jnp.broadcast_to(labels[:, None], (*log.shape[:-1], 1)), -1)
        return -picked.sum() / BATCH

    def step(carry: Any, chosen: Any) -> Any:
        p, m, v, t = carry
        t = t + 1
        value, g = jax.value_and_grad(loss)(p, x[chosen], y[chosen])
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
        rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        p = [a - rate * b / (jnp.sqrt(c) + EPSILON) for a, b, c in zip(p, m, v, strict=True)]
        return (p, m, v, t), value

    def epoch(carry: Any, order: Any) -> Any:
        carry, losses = jax.lax.scan(step, carry, order)
        return carry, (losses.mean(), (forward(carry[0], xv).argmax(-1) == yv).mean(-1))

    def run(p: Params, order: Any) -> Any:
        zero = [jnp.zeros_like(a) for a in p]
        carry, history = jax.lax.scan(epoch, (p, zero, zero, jnp.float32(0)), order)
        return carry[0], history

    return run


def orders(epochs: int, seeds: int, n: int) -> Any:
    """Draw the order of every seed and epoch, int32 ``[seeds, epochs, steps, 32]``."""
    draw = [[np.random.default_rng([s, e, 2]).permutation(n) for e in range(epochs)] for s in range(seeds)]
    steps = n // BATCH
    return np.asarray(draw, np.int32)[:, :, : steps * BATCH].reshape(seeds, epochs, steps, BATCH)


def stack(models: Sequence[Sequence[Floats]]) -> list[Floats]:
    """Stack models parameter by parameter, a new first axis."""
    return [np.stack(arrays) for arrays in zip(*models, strict=True)]


def shared(models: Sequence[Sequence[Floats]]) -> list[Floats]:
    """Stack the models of one seed, the first layers side by side: ``[784, A*128]`` and ``[A*128]``."""
    p = stack(models)
    return [p[0].transpose(1, 0, 2).reshape(p[0].shape[1], -1), p[1].reshape(-1), *p[2:]]


def weights(seed: int) -> list[Floats]:
    """The first weights of a seed, the same for every activation."""
    return glorot(np.random.default_rng([seed, 1]))


def run_vmap(job: Job, d: Data) -> Outcome:
    """One ``jit(vmap(scan))`` per activation."""
    import jax
    import jax.numpy as jnp

    seconds = setup = 0.0
    found: dict[str, list[float]] = {}
    first = stack([weights(s) for s in range(job.seeds)])
    xt, yt = jnp.asarray(d.x_test), jnp.asarray(d.y_test)
    for name, act in zip(job.activations, functions(job.activations), strict=True):
        start = time.perf_counter()
        order = orders(job.epochs, job.seeds, len(d.x_train))
        drawn = time.perf_counter() - start
        forward = partial(forward_one, act)
        start = time.perf_counter()
        compiled = jax.jit(jax.vmap(trainer(forward, d))).lower(first, order).compile()
        setup += time.perf_counter() - start
        start = time.perf_counter()
        params, _ = jax.block_until_ready(compiled(first, order))
        seconds += time.perf_counter() - start + drawn
        found[name] = [float((forward([a[s] for a in params], xt).argmax(-1) == yt).mean()) for s in range(job.seeds)]
    return Outcome(seconds, setup, found, "one jit(vmap(scan)) per activation")


def run_tuned(job: Job, d: Data) -> Outcome:
    """Seeds spread over single-threaded host devices, one after another on each."""
    import jax
    import jax.numpy as jnp

    devices = min(job.threads, job.seeds)
    each = -(-job.seeds // devices)
    padded = [min(s, job.seeds - 1) for s in range(each * devices)]  # an odd one out is repeated
    forward = partial(forward_shared, functions(job.activations))
    train = trainer(forward, d)
    start = time.perf_counter()
    order = orders(job.epochs, job.seeds, len(d.x_train))[padded]
    drawn = time.perf_counter() - start
    order = order.reshape(devices, each, *order.shape[1:])
    first = stack([shared([weights(s)] * len(job.activations)) for s in padded])
    first = [a.reshape(devices, each, *a.shape[1:]) for a in first]
    start = time.perf_counter()
    mapped = jax.pmap(lambda p, q: jax.lax.map(lambda one: train(*one), (p, q)))
    compiled = mapped.lower(first, order).compile()
    setup = time.perf_counter() - start
    start = time.perf_counter()
    params, _ = jax.block_until_ready(compiled(first, order))
    seconds = time.perf_counter() - start + drawn
    xt, yt = jnp.asarray(d.x_test), jnp.asarray(d.y_test)
    flat = [np.asarray(a).reshape(-1, *a.shape[2:]) for a in params]
    right = [np.asarray((forward([a[s] for a in flat], xt).argmax(-1) == yt).mean(-1)) for s in range(job.seeds)]
    found = {name: [float(r[k]) for r in right] for k, name in enumerate(job.activations)}
    return Outcome(seconds, setup, found, f"{devices} single-threaded host devices, seeds one after another")


LAYOUTS: dict[str, Callable[[Job, Data], Outcome]] = {"tuned": run_tuned, "vmap": run_vmap}


def main() -> None:
    """Set XLA up for the layout, then train."""
    job = arguments(list(LAYOUTS))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if job.layout == "tuned":
        host_devices(job.threads)
    import jax
    import jaxlib

    versions = {"jax": jax.__version__, "jaxlib": jaxlib.__version__}
    side(f"jax {job.layout}", versions, lambda j: LAYOUTS[j.layout](j, read(j.npz)), job)


if __name__ == "__main__":
    main()
