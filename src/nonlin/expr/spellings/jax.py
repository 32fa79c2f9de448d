"""JAX, with ``jax.numpy`` as ``jnp``, ``jax.nn`` as ``nn`` and ``jax.scipy.special`` as ``special``."""

from nonlin.expr.spellings import INFIX, ROWS

SPELLINGS = {
    **INFIX,
    **ROWS,
    "pow": "jnp.power({0}, {1})",
    "where": "jnp.where({0}, {1}, {2})",
    "min": "jnp.minimum({0}, {1})",
    "max": "jnp.maximum({0}, {1})",
    "pi": "jnp.pi",
    "abs": "jnp.abs({0})",
    "sign": "jnp.sign({0})",
    "floor": "jnp.floor({0})",
    "round": "jnp.round({0})",
    "exp": "jnp.exp({0})",
    "expm1": "jnp.expm1({0})",
    "log": "jnp.log({0})",
    "log1p": "jnp.log1p({0})",
    "tanh": "jnp.tanh({0})",
    "sigmoid": "nn.sigmoid({0})",
    "sin": "jnp.sin({0})",
    "cos": "jnp.cos({0})",
    "arctan": "jnp.arctan({0})",
    "arcsinh": "jnp.arcsinh({0})",
    "sqrt": "jnp.sqrt({0})",
    "erf": "special.erf({0})",
    "erfc": "special.erfc({0})",
    "straight_through": "{0}",
    "join": "({0}, {1})",
}
