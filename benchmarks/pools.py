"""Models known to be right, linted: ``python -m benchmarks.pools`` prints what is said of each; nothing should be.

The models of timm and torchvision, tiny configurations of transformers, and the programs of
``tests/unit/lint/model/right_models.py`` are built without weights and without a network, and linted with one sample batch.
Every warning that remains is defended in ``benchmarks/pools_defended.toml``; one that is not, and any error, makes this fail.

timm and transformers are no part of nonlin: install them beside it (``pip install --no-deps timm; pip install transformers``).
Where torchvision is not installed, timm's models still build: its image pipeline alone needs it, and gets an empty stand-in.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import platform
import re
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DEFENDED = Path(__file__).with_name("pools_defended.toml")

_TIMM = (
    "resnet18 resnet26d resnet50 seresnet18 wide_resnet50_2 resnext50_32x4d ecaresnet26t resnetv2_50 resnetblur18 skresnet18 "
    "res2net50_26w_4s resnest14d regnetx_002 regnety_002 dm_nfnet_f0 nf_resnet26 nf_regnet_b0 eca_nfnet_l0 efficientnet_b0 "
    "efficientnet_lite0 efficientnetv2_rw_t tf_efficientnet_b0 mobilenetv2_050 mobilenetv3_small_050 mobilenetv4_conv_small "
    "mnasnet_small fbnetc_100 spnasnet_100 mixnet_s lcnet_050 tinynet_e ghostnet_050 ghostnetv2_100 hardcorenas_a hrnet_w18_small "
    "densenet121 dla34 dla46_c dpn48b vgg11 vgg11_bn vovnet39a ese_vovnet19b_dw cspresnet50 cspdarknet53 darknet53 "
    "selecsls42 inception_v3 xception41 repvgg_a0 repghostnet_050 convnext_atto convnextv2_atto convmixer_768_32 "
    "convformer_s18 poolformer_s12 edgenext_xx_small vit_tiny_patch16_224 vit_small_patch32_224 deit_tiny_patch16_224 "
    "deit3_small_patch16_224 beit_base_patch16_224 cait_xxs24_224 swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 mixer_s32_224 "
    "gmlp_ti16_224 resmlp_12_224 levit_128s xcit_nano_12_p16_224 mobilevit_xxs mobilevitv2_050 efficientformer_l1 fastvit_t8 "
    "hiera_tiny_224 tiny_vit_5m_224 starnet_s1 rdnet_tiny"
)
TIMM = tuple(_TIMM.split())
"""Names of timm: a small one of each family."""

_TORCHVISION = (
    "alexnet convnext_tiny convnext_small densenet121 densenet161 densenet169 densenet201 efficientnet_b0 efficientnet_b1 "
    "efficientnet_b2 efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v2 "
    "mobilenet_v3_small mobilenet_v3_large regnet_x_400mf regnet_y_400mf regnet_y_800mf resnet18 resnet34 resnet50 resnet101 resnet152 "
    "resnext50_32x4d shufflenet_v2_x0_5 shufflenet_v2_x1_0 squeezenet1_0 squeezenet1_1 swin_t swin_v2_t vgg11 vgg11_bn vgg13 vgg16 "
    "vit_b_32 wide_resnet50_2"
)
TORCHVISION = tuple(_TORCHVISION.split())

_TEXT = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37,
         "max_position_embeddings": 64, "pad_token_id": 0}  # fmt: skip
_LLAMA = {**_TEXT, "num_key_value_heads": 2, "head_dim": 8}
_IMAGE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37, "image_size": 32,
          "patch_size": 8, "num_labels": 3}  # fmt: skip
_WAVE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37, "conv_dim": (16, 16),
         "conv_stride": (4, 4), "conv_kernel": (8, 4), "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 16,
         "num_conv_pos_embedding_groups": 2, "vocab_size": 32, "mask_time_prob": 0.0}  # fmt: skip
_SEQ = {"vocab_size": 99, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 37, "decoder_ffn_dim": 37, "max_position_embeddings": 64,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}  # fmt: skip

TRANSFORMERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # model class, what it gets, settings of its configuration
    ("BertForSequenceClassification", "class", _TEXT),
    ("BertForMaskedLM", "tokens", _TEXT),
    ("RobertaForSequenceClassification", "class", _TEXT),
    ("AlbertForSequenceClassification", "class", {**_TEXT, "embedding_size": 16}),
    ("ElectraForSequenceClassification", "class", {**_TEXT, "embedding_size": 16}),
    ("DebertaV2ForSequenceClassification", "class", {**_TEXT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    ("MobileBertForSequenceClassification", "class", {**_TEXT, "embedding_size": 32, "intra_bottleneck_size": 32, "true_hidden_size": 32}),
    ("DistilBertForSequenceClassification", "class", {"vocab_size": 99, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 37}),
    ("SqueezeBertForSequenceClassification", "class", {**_TEXT, "embedding_size": 32, "intermediate_size": 64}),
    ("FNetForSequenceClassification", "class", _TEXT),
    ("GPT2LMHeadModel", "tokens", {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4}),
    ("GPTNeoXForCausalLM", "tokens", _TEXT),
    ("GPTNeoForCausalLM", "tokens", {"vocab_size": 99, "hidden_size": 32, "num_layers": 2, "num_heads": 4,
                                     "attention_types": [[["global", "local"], 1]]}),
    ("OPTForCausalLM", "tokens", {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 37,
                                  "word_embed_proj_dim": 32, "max_position_embeddings": 64}),
    ("BloomForCausalLM", "tokens", {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4}),
    ("LlamaForCausalLM", "tokens", _LLAMA),
    ("MistralForCausalLM", "tokens", _LLAMA),
    ("MixtralForCausalLM", "tokens", {**_LLAMA, "num_local_experts": 4, "intermediate_size": 64}),
    ("Qwen2ForCausalLM", "tokens", _LLAMA),
    ("Qwen3ForCausalLM", "tokens", _LLAMA),
    ("GemmaForCausalLM", "tokens", _LLAMA),
    ("Gemma2ForCausalLM", "tokens", _LLAMA),
    ("PhiForCausalLM", "tokens", _TEXT),
    ("FalconForCausalLM", "tokens", {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}),
    ("NemotronForCausalLM", "tokens", _LLAMA),
    ("MambaForCausalLM", "tokens", {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 8}),
    ("RwkvForCausalLM", "tokens", {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "attention_hidden_size": 32}),
    ("T5ForConditionalGeneration", "tokens", {"vocab_size": 99, "d_model": 32, "num_layers": 2, "num_heads": 4, "d_ff": 37, "d_kv": 8,
                                              "decoder_start_token_id": 0}),
    ("BartForConditionalGeneration", "tokens", _SEQ),
    ("MarianMTModel", "tokens", _SEQ),
    ("PegasusForConditionalGeneration", "tokens", _SEQ),
    ("ViTForImageClassification", "image", _IMAGE),
    ("BeitForImageClassification", "image", _IMAGE),
    ("DeiTForImageClassification", "image", _IMAGE),
    ("ViTMAEForPreTraining", "pixels", {**_IMAGE, "decoder_hidden_size": 32, "decoder_num_hidden_layers": 1,
                                        "decoder_num_attention_heads": 4, "decoder_intermediate_size": 37}),
    ("SwinForImageClassification", "image", {"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [1, 2], "num_heads": [2, 2],
                                             "window_size": 4, "num_labels": 3}),
    ("SegformerForImageClassification", "image", {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 16, 32], "num_attention_heads": [1, 1, 2, 2],
                                                  "decoder_hidden_size": 16, "num_labels": 3}),
    ("ConvNextForImageClassification", "image", {"hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 2, 1], "num_labels": 3}),
    ("ResNetForImageClassification", "image", {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1],
                                               "layer_type": "basic", "num_labels": 3}),
    ("MobileNetV2ForImageClassification", "image", {"num_labels": 3}),
    ("CLIPVisionModelWithProjection", "pixels", {**_IMAGE, "projection_dim": 16}),
    ("Wav2Vec2ForCTC", "wave", _WAVE),
    ("HubertForCTC", "wave", _WAVE),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A model known to be right: where it is from, its name, and how to make it with a loss and a batch."""

    pool: str
    name: str
    make: Callable[[], tuple[Any, Any, Any]]


class _Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for torchvision, of which timm's models use nothing: any module of it, holding any name."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] == "torchvision":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> ModuleType:
        made = ModuleType(spec.name)
        made.__path__ = []
        made.__getattr__ = lambda name: _nothing(name)  # type: ignore[method-assign]
        return made

    def exec_module(self, module: ModuleType) -> None:
        return None


def _nothing(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Nothing(name, (), {"__init__": lambda self, *a, **k: None})


class _Nothing(type):
    """The class of stand-ins: has any attribute, and each is another."""

    def __getattr__(cls, name: str) -> Any:
        return _nothing(name)


def from_timm() -> Iterator[Case]:
    import torch

    stand_in = None
    if importlib.util.find_spec("torchvision") is None:
        stand_in = _Absent()
        sys.meta_path.append(stand_in)
    else:
        _try_torchvision()
    import timm

    def make(name: str) -> tuple[Any, Any, Any]:
        torch.manual_seed(0)
        model = timm.create_model(name, pretrained=False)
        channels, *size = model.pretrained_cfg["input_size"]
        whole = model.pretrained_cfg.get("fixed_input_size") or any(word in name for word in ("vit", "mixer", "inception"))
        side = min(size) if whole else 64
        return model, "cross_entropy", (torch.randn(2, channels, side, side), torch.randint(0, 1000, (2,)))

    for name in TIMM:
        yield Case("timm", name, lambda name=name: make(name))  # type: ignore[misc]
    if stand_in is not None:  # others ask whether torchvision is installed
        sys.meta_path.remove(stand_in)
        for name in [m for m in sys.modules if m.partition(".")[0] == "torchvision"]:
            del sys.modules[name]


_KEPT: list[Any] = []
"""What must live as long as the program."""


def _try_torchvision() -> None:
    """Let a torchvision be imported that was built for another device: its kernels do not load, and its classifiers need none."""
    import torch

    try:
        importlib.import_module("torchvision")
        return
    except RuntimeError:
        for name in [m for m in sys.modules if m.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
    spec = importlib.util.find_spec("torchvision")
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).with_name("_meta_registrations.py").read_text()
    _KEPT.append(torch.library.Library("torchvision", "DEF"))
    for name in sorted(set(re.findall(r'register_fake\("torchvision::(\w+)"', text))):
        _KEPT[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def from_torchvision() -> Iterator[Case]:
    import torch

    _try_torchvision()
    from torchvision import models

    def make(name: str) -> tuple[Any, Any, Any]:
        torch.manual_seed(0)
        side = 299 if "inception" in name else 224
        return (
            models.get_model(name, weights=None),
            "cross_entropy",
            (torch.randn(2, 3, side, side), torch.randint(0, 1000, (2,))),
        )

    for name in TORCHVISION:
        yield Case("torchvision", name, lambda name=name: make(name))  # type: ignore[misc]


def from_transformers() -> Iterator[Case]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    import torch
    import transformers

    def make(name: str, gets: str, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
        torch.manual_seed(0)
        cls = getattr(transformers, name)
        model = cls(cls.config_class(**settings))
        tokens = torch.randint(3, 90, (2, 16))
        batches: dict[str, Callable[[], dict[str, Any]]] = {
            "class": lambda: {"input_ids": tokens, "labels": torch.tensor([0, 1])},
            "tokens": lambda: {"input_ids": tokens, "labels": tokens},
            "image": lambda: {"pixel_values": torch.randn(2, 3, 32, 32), "labels": torch.tensor([0, 1])},
            "pixels": lambda: {"pixel_values": torch.randn(2, 3, 32, 32)},
            "wave": lambda: {"input_values": torch.randn(2, 800), "labels": torch.tensor([[5, 6, 7], [8, 9, 10]])},
        }
        return model, None, batches[gets]()

    for name, gets, settings in TRANSFORMERS:
        yield Case("transformers", name, lambda a=(name, gets, settings): make(*a))  # type: ignore[misc]


def from_tests() -> Iterator[Case]:
    sys.path.insert(0, str(ROOT / "tests"))
    from unit.lint.model.right_models import RIGHT

    for name, make in RIGHT.items():
        yield Case("tests", name, make)


POOLS: dict[str, tuple[str, Callable[[], Iterator[Case]]]] = {
    "tests": ("torch", from_tests),
    "timm": ("timm", from_timm),
    "transformers": ("transformers", from_transformers),
    "torchvision": ("torchvision", from_torchvision),
}
"""Each pool: the package it needs, and its models."""


def defended() -> dict[str, str]:
    """Return ``pool/model/code`` -> why this warning is right, or must be."""
    return {
        f"{row['model']}/{row['code']}": str(row["why"]) for row in tomllib.loads(DEFENDED.read_text()).get("warning", [])
    }


@dataclass
class Outcome:
    """What was said of one model."""

    case: Case
    seconds: float
    reader: str = ""
    complete: bool = False
    errors: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    failed: str = ""


def judge(case: Case) -> Outcome:
    """Build a model and lint it."""
    from nonlin.findings import Severity
    from nonlin.lint.checks import run
    from nonlin.lint.model import read

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, loss, batch = case.make()
    except Exception as err:  # a library of another version may lack a model
        return Outcome(case, 0.0, failed=f"not built: {type(err).__name__}: {str(err).splitlines()[0] if str(err) else ''}")
    start = time.perf_counter()
    try:
        net = read(model, loss, batch)
        found = run(net)
    except Exception as err:  # a crash of the linter is what this looks for
        return Outcome(case, time.perf_counter() - start, failed=f"not linted: {type(err).__name__}: {err}")
    told = {s: tuple(f"{f.rule.code} {f.message}" for f in found if f.severity is s) for s in Severity}
    seconds = time.perf_counter() - start
    return Outcome(case, seconds, net.reader, net.complete, told[Severity.ERROR], told[Severity.WARNING])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pools", description=__doc__)
    parser.add_argument("--pool", action="append", choices=list(POOLS), help="only this pool (may be repeated)")
    parser.add_argument("--model", help="only models whose name contains this")
    parser.add_argument("--json", action="store_true", help="one JSON object a model")
    args = parser.parse_args(argv)
    why = defended()
    outcomes: list[Outcome] = []
    for pool in args.pool or POOLS:
        package, cases = POOLS[pool]
        if importlib.util.find_spec(package) is None:
            print(f"{pool}: skipped, {package} is not installed")
            continue
        for case in cases():
            if args.model and args.model not in case.name:
                continue
            outcome = judge(case)
            outcomes.append(outcome)
            _print(outcome, why, args.json)
    return _summary(outcomes, why)


def _print(outcome: Outcome, why: dict[str, str], as_json: bool) -> None:
    case = outcome.case
    if as_json:
        print(json.dumps({"pool": case.pool, "model": case.name, "reader": outcome.reader, "complete": outcome.complete,
                          "seconds": round(outcome.seconds, 3), "errors": outcome.errors, "warnings": outcome.warned,
                          "failed": outcome.failed}))  # fmt: skip
        return
    state = outcome.failed or f"{outcome.reader}{'' if outcome.complete else ', in part'}"
    print(f"{case.pool}/{case.name}: {state}, {outcome.seconds:.2f} s")
    for text in outcome.errors:
        print(f"    ERROR {text}")
    for text in outcome.warned:
        key = f"{case.name}/{text.split()[0]}"
        print(f"    warning {text}{' (defended)' if key in why else ''}", flush=True)


def _summary(outcomes: list[Outcome], why: dict[str, str]) -> int:
    """Print the counts of each pool; return 1 if there is an error, or a warning that nobody defends."""
    bad = 0
    for pool in POOLS:
        here = [o for o in outcomes if o.case.pool == pool]
        if not here:
            continue
        read = [o for o in here if not o.failed]
        warned = [(o, w) for o in read for w in o.warned]
        open_ones = [w for o, w in warned if f"{o.case.name}/{w.split()[0]}" not in why]
        errors = sum(len(o.errors) for o in read)
        bad += errors + len(open_ones) + sum(o.failed.startswith("not linted") for o in here)
        package = {"tests": "nonlin"}.get(pool, pool)
        try:
            which = f"{package} {version(package)}"
        except PackageNotFoundError:
            which = package
        print(f"{which}: {len(read)} of {len(here)} models linted in {sum(o.seconds for o in read):.0f} s, "
              f"{sum(o.complete for o in read)} completely, {errors} errors, {len(warned)} warnings, {len(open_ones)} not defended")  # fmt: skip
    print(f"Python {platform.python_version()}, {platform.machine()}, torch {version('torch')}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
