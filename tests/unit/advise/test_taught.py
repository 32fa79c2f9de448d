"""Every row of the tables of the teaching texts has an answer: the tables stand here in short, the answers in the rows."""

from __future__ import annotations

import re

import pytest

from nonlin.advise.literature import cited
from nonlin.advise.problems import PROBLEMS
from nonlin.advise.row import filled
from nonlin.advise.rules import RULES
from nonlin.advise.taught import TAUGHT, VERDICTS, told_taught
from nonlin.facts import facts
from nonlin.facts.moments import gain

# Text, table, row of the table as it stands there, what it recommends -> the claim's id without "taught-".
TEXTS = """
A  functions    Sigmoid: probabilities, two classes                          output-binary
A  functions    Tanh: hidden layers of RNNs                                  rnn
A  functions    ReLU: default of hidden layers                               default
A  functions    Leaky ReLU: relieves dead neurons                            leaky
A  functions    ELU/GELU: deep networks such as BERT                         deep
A  functions    Softmax: output of several classes                           output-multiclass
A  sigmoid      not recommended for hidden layers                            hidden-sigmoid
A  sigmoid      for outputs that are probabilities                           output-binary
A  sigmoid      not centred: later inputs lean to the positive side          sigmoid-zigzag
A  tanh         usual in RNNs                                                rnn
A  tanh         where negative activations are needed                        tanh-negative
A  relu         default of hidden layers of deep networks                    default
A  relu         many dead units: Leaky ReLU or ELU                           many-dead
A  leaky        many units at 0: Leaky ReLU                                  many-dead
A  gelu         default of transformers, BERT, T5                            large-models
A  gelu         better in theory and in practice in large models             gelu
A  softmax      not in hidden layers                                         hidden-softmax
A  softmax      with cross-entropy                                           softmax-only
A  summary      Sigmoid: output, two classes                                 output-binary
A  summary      Tanh: RNN, where symmetry is needed                          rnn
A  summary      ReLU: default hidden layer                                   default
A  summary      Leaky ReLU: instead of ReLU                                  leaky
A  summary      GELU: BERT and other large models                            large-models
A  summary      Softmax: several classes                                     output-multiclass
A  measures     nonlinearity                                                 nonlinear
A  measures     whether there is a gradient                                  gradient
A  measures     zero-centred                                                 centred
A  layers       hidden: ReLU/Leaky ReLU/GELU                                 hidden
A  layers       output, two classes: Sigmoid with BCE                        output-binary
A  layers       output, several classes: Softmax with CrossEntropyLoss       output-multiclass
A  layers       output, regression: none                                     output-regression
A  relu family  Leaky ReLU                                                   leaky
A  relu family  PReLU: slope learned                                         prelu
A  relu family  RReLU: slope random in training                              rrelu
A  relu family  ELU: against outputs that lean to the positive side          elu
A  relu family  SELU: self-normalising                                       selu
A  practice     default: ReLU                                                default
A  practice     many dead neurons: Leaky ReLU/PReLU                          many-dead
A  practice     large models (transformers): GELU                            large-models
A  practice     symmetric data, medicine, finance: Tanh                      symmetric-data
A  practice     several labels: Sigmoid with BCE                             multilabel
A  practice     several classes: Softmax with cross-entropy                  output-multiclass
A  networks     MLP: ReLU/LeakyReLU                                          mlp
A  networks     CNN: ReLU/LeakyReLU                                          cnn
A  networks     RNN/LSTM: Tanh/Sigmoid (gates)                               rnn
A  networks     Transformer: GELU/ReLU                                       transformer
A  networks     self-normalising: SELU with special weights and dropout      snn
A  networks     GAN generator: ReLU/LeakyReLU                                gan-generator
A  networks     GAN discriminator: LeakyReLU                                 gan-discriminator
A  problems     does not converge: Sigmoid/Tanh vanish: ReLU/GELU            not-converging
A  problems     many neurons 0: dying ReLU: LeakyReLU/PReLU                  zero-units
A  problems     loss swings: exploding or unstable: smooth (GELU/Swish)      loss-swings
A  problems     accuracy oscillates: off centre: Tanh/SELU                   accuracy-swings
A  order        CNN (BatchNorm): Conv, BN, ReLU                              order-cnn
A  order        Transformer (LayerNorm): LN, Linear, GELU                    order-transformer
A  order        ResNet: ReLU mostly after the sum                            order-resnet
A  close        image classification: ReLU; Leaky ReLU/GELU                  images
A  close        sequences: Tanh/GELU; ReLU                                   sequences
A  close        large transformers: GELU; Swish                              large-transformer
A  close        two classes: Sigmoid                                         output-binary
A  close        several classes: Softmax                                     output-multiclass
A  close        GAN discriminator: Leaky ReLU; ReLU                          gan-discriminator
A  close        dead neurons: Leaky ReLU; PReLU                              many-dead
B  functions    Sigmoid: output of two classes                               output-binary
B  functions    Sigmoid: vanishing gradients                                 sigmoid-vanishes
B  functions    Sigmoid, Tanh: exponentials cost time                        exp-cost
B  functions    Sigmoid: not centred                                         sigmoid-zigzag
B  functions    Leaky ReLU: against dying ReLU                               leaky
B  functions    Softmax: several classes                                     output-multiclass
B  layers       input layer: none                                            input-layer
B  layers       hidden, first choice: ReLU or its variants                   hidden
B  layers       hidden, second choice: Tanh                                  hidden-tanh
B  layers       output, two classes: Sigmoid                                 output-binary
B  layers       output, several classes: Softmax                             output-multiclass
B  layers       output, regression: linear                                   output-regression
B  criteria     cost: ReLU and variants are fast                             efficient
B  criteria     vanishing gradients: ReLU and variants                       not-converging
B  criteria     sparsity: ReLU may generalise better                         sparse
B  criteria     range of outputs by the task                                 range
B  criteria     stable training: such as ELU                                 stable
B  experiment   MNIST: ReLU, Leaky ReLU best, then Tanh, Sigmoid last        experiment
B  trends       adaptive parameters: SELU, Swish                             selu-adaptive
C  sigmoid      gradients vanish in deep networks                            sigmoid-vanishes
C  sigmoid      gradients may explode                                        sigmoid-explodes
C  sigmoid      not centred: all updates to one side                         sigmoid-zigzag
C  sigmoid      powers take time                                             exp-cost
C  tanh         gradients vanish; powers                                     exp-cost
C  relu         dead, cause a: initial weights: Xavier                       dead-xavier
C  relu         dead, cause b: learning rate: lower it, Adagrad              dead-rate
C  relu         does not squash: values grow with depth                      relu-grows
C  leaky        against dead neurons                                         leaky
C  leaky        works less well than ReLU                                    leaky-worse
D  functions    Sigmoid: two classes                                         output-binary
D  functions    Tanh: in [-1, 1], suits several classes                      tanh-classes
D  functions    Leaky ReLU: against dead neurons                             leaky
D  functions    ELU: in [-1, 1], suits several classes                       elu-classes
D  functions    Softmax: several classes                                     output-multiclass
D  fields       images: ReLU, Leaky ReLU, ELU in CNNs                        images
D  fields       language: Tanh, ReLU in RNNs and transformers                language
D  fields       speech: ReLU, Leaky ReLU in CNNs; Tanh, ReLU in RNNs         speech
D  fields       recommendation: Sigmoid, Tanh                                recommenders
D  fields       reinforcement: ReLU, Tanh in Q and policy networks           reinforcement
D  criteria     nonlinearity                                                 nonlinear
D  criteria     gradients                                                    gradient
D  criteria     interpretability                                             interpretable
D  criteria     cost                                                         efficient
D  questions    classification: Sigmoid, ReLU                                classification
D  questions    dying ReLU: Leaky ReLU, PReLU                                many-dead
D  outlook      ELU, Swish, SELU: better gradients                           deep
D  outlook      adaptive functions                                           adaptive
E  functions    Sigmoid: output of two classes                               output-binary
E  functions    Tanh: hidden layers of RNNs                                  rnn
E  functions    ReLU: hidden layers of CNN/MLP                               cnn
E  functions    LeakyReLU: instead of ReLU; slope to be tuned                leaky
E  functions    GELU: transformers                                           transformer
E  advanced     Swish: beta learned                                          swish
E  advanced     Mish: excellent in vision                                    mish
E  advanced     Maxout: competition                                          maxout
E  guide        hidden: ReLU and variants                                    hidden
E  guide        output, regression: linear                                   output-regression
E  guide        output, two classes: Sigmoid                                 output-binary
E  guide        output, several classes: Softmax                             output-multiclass
E  guide        transformers: GELU                                           transformer
E  guide        generative models: Tanh                                      generative
E  practice     He for ReLU, Glorot for Tanh                                 init
E  practice     30 to 50 % of units active                                   firing
E  practice     count units that are always 0                                count-dead
E  outlook      adaptive, dynamic, searched functions                        adaptive
"""
ROWS = [re.split(r"\s{2,}", line.strip()) for line in TEXTS.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[f"{r[0]}-{r[1]}-{i}" for i, r in enumerate(ROWS)])
def test_every_row_of_the_texts_is_answered(row: list[str]) -> None:
    claim = TAUGHT[f"taught-{row[3]}"]
    assert claim.rules, claim.id
    for rule in claim.rules:
        assert rule in RULES or rule in PROBLEMS, f"{claim.id}: {rule}"


def test_the_table_is_whole() -> None:
    assert len({tuple(r) for r in ROWS}) == len(ROWS) == 128
    assert {f"taught-{r[3]}" for r in ROWS} == set(TAUGHT), "a claim that no text makes"


def test_claims_have_sources_and_what_contradicts_them_says_why() -> None:
    for t in TAUGHT.values():
        assert t.verdict in VERDICTS
        assert t.sources and all(cited(key) for key in t.sources.split()), t.id
        assert t.note or t.verdict == "agrees", f"{t.id} is {t.verdict} and does not say why"
        assert "{" not in filled(t.note)


def test_numbers_in_answers_are_those_of_the_facts() -> None:
    assert f"{2**0.5:.4g}" in told_taught(TAUGHT["taught-dead-xavier"])["note"]
    assert str(facts("elu").range) in told_taught(TAUGHT["taught-elu-classes"])["note"]
    # ln(1 + 9 e^-2), from the closed form
    assert "0.7966" in told_taught(TAUGHT["taught-tanh-classes"])["note"]
    assert f"{gain('tanh'):.4g}" == "1.593" and "1.593" in told_taught(TAUGHT["taught-init"])["note"]


def test_what_the_rules_say_agrees_with_what_is_claimed_of_them() -> None:
    """A claim about a function that the rules agree with names a function that one of its rules has."""
    words = {"ReLU": "relu", "Leaky ReLU": "leaky_relu", "GELU": "gelu", "SELU": "selu", "tanh": "tanh", "PReLU": "prelu"}
    checked = 0
    for t in TAUGHT.values():
        named = {name for word, name in words.items() if re.search(rf"(?<!\w){word}\b", t.says)}
        rows = [RULES[r] for r in t.rules if r in RULES and RULES[r].part == "hidden"]
        if t.verdict != "agrees" or not named or not rows:
            continue
        offered = {spec.partition("(")[0] for r in rows for spec in (r.choose, *(o.choice for o in r.others))}
        assert named <= offered, f"{t.id}: {named - offered}"
        checked += 1
    assert checked >= 10
