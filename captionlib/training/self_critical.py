"""Step 4, the decoder learns from its own captions: self-critical sequence training (lesson 11).

Under teacher forcing the decoder never reads its own words, and cross-entropy is not the score of a caption. Here the
decoder samples some captions of a picture, each is rewarded with its CIDEr-D, and words of a caption that beats its
siblings become likelier, those of a worse one less likely (Rennie et al. 2017; siblings as baseline: Luo 2020). It
improves a decoder that is already trained: from random weights no caption would ever get a reward.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from captionlib import metrics
from captionlib.decoding.loop import allowed_log_probs
from captionlib.decoding.sampling import generate
from captionlib.models import Decoder
from captionlib.text import END, PAD, SPECIALS, START, Tokenizer
from captionlib.training.fit import TeacherForcing


class Reward:
    """CIDEr-D of captions against a picture's references, `<end>` counted as the last word.

    Without `<end>` among the words a complete caption would score like one that breaks off ("a dog runs with a"), and
    the decoder would learn to break off: further words can lower the score and rarely raise it.

    Args:
        references: for each picture its references, cut into words by `metrics.tokenize`.
        tokenizer: ids to captions, which go through `metrics.tokenize` too: its "cannot" is the references' "can not".
    """

    def __init__(self, references: list[list[list[str]]], tokenizer: Tokenizer):
        """Count the references' n-grams once."""
        self.decode = tokenizer.decode
        self.cider = metrics.Cider([[[*words, SPECIALS[END]] for words in picture] for picture in references])

    def __call__(self, tokens: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """Reward captions.

        Args:
            tokens: (B·k, T) ids, without `<start>`, with `<end>`, then `<pad>`; the k captions of a picture together.
            pictures: (B,) which picture, as its number among the references.

        Returns:
            (B·k,) float32, each 0 to 10.
        """
        owners = np.repeat(pictures, len(tokens) // len(pictures))
        captions = [metrics.tokenize(self.decode(row)) + [SPECIALS[END]] * (END in row) for row in tokens]
        scores = [self.cider.one(int(owner), words) for owner, words in zip(owners, captions, strict=True)]
        return np.array(scores, "float32")


def advantages(rewards, samples: int):
    """By how much each caption beats the mean of its k - 1 siblings (Luo 2020, eq. 5); they sum to 0 over a picture.

    Args:
        rewards: (B·k,), the captions of a picture together.
        samples: k.

    Returns:
        (B·k,).
    """
    rewards = tf.reshape(rewards, (-1, samples))  # (B, k)
    siblings = (tf.reduce_sum(rewards, axis=1, keepdims=True) - rewards) / (samples - 1)
    return tf.reshape(rewards - siblings, (-1,))


def policy_loss(logits, tokens, weights, max_length: int):
    """Minus the log-probability of captions, each word weighted by its caption's advantage; a mean over words.

    Args:
        logits: (B·k, T, V), of the decoder reading its own captions by teacher forcing.
        tokens: (B·k, T) the captions, without `<start>`, with `<end>`, then `<pad>`.
        weights: (B·k,) advantages.
        max_length: the decoder's; the `<end>` that is forced there adds no gradient.

    Returns:
        A scalar whose gradient is that of the negative expected reward (Rennie et al. 2017, eq. 5). Its value has
        no meaning.
    """
    log_probs = allowed_log_probs(logits, tf.range(tokens.shape[1])[:, None], max_length)
    said = tf.gather(log_probs, tokens, batch_dims=2)  # (B·k, T)
    words = tokens != PAD  # `<end>` counts: the decoder learns when to stop, too
    return -tf.reduce_sum(tf.where(words, said * weights[:, None], 0.0)) / tf.reduce_sum(tf.cast(words, tf.float32))


class SelfCritical(TeacherForcing):
    """A decoder that learns from its own captions when `fit` trains it; validation stays teacher-forced.

    Args:
        decoder: a trained decoder.
        reward: of captions, (B·k, T) and (B,) to (B·k,), see `Reward`.
        samples: k, captions sampled per picture.
        seed: of the sampling.
    """

    def __init__(self, decoder: Decoder, reward: Reward, samples: int = 5, seed: int = 0):
        """Wrap a decoder; its weights are the only ones."""
        super().__init__(decoder)
        self.reward, self.samples, self.seed = reward, samples, seed

    def draw(self, features):
        """Draw k captions of each picture: (B, L, D) to (B·k, max_length + 1) ids with `<end>`, then `<pad>`."""

        def choose(log_probs, seed):  # log_probs (B·k, V)
            return tf.random.stateless_categorical(log_probs, 1, seed, tf.int32)[:, 0]  # (B·k,)

        # One 64-bit seed per step, from which `generate` makes one per word: with 32 bits they would soon repeat.
        seed = tf.stack([tf.constant(self.seed, tf.int64), tf.cast(self.optimizer.iterations, tf.int64)])
        tokens = generate(self.decoder, features, choose, seed, self.samples)[0]  # (B·k, T)
        length = self.decoder.max_length + 1  # the same in every step, for teacher forcing is unrolled
        tokens = tf.pad(tokens, [(0, 0), (0, length - tf.shape(tokens)[1])], constant_values=PAD)
        return tf.ensure_shape(tokens, (None, length))

    def train_step(self, data):
        """Draw, reward, learn.

        Args:
            data: a batch of `BatchesWithIds`; its reference captions are not used.

        Returns:
            Means of the epoch so far: "loss", minus the reward, and "perplexity" of the decoder's own captions. After
            an epoch `fit` adds the usual ones, of the reference captions, as "val_…".
        """
        features = tf.cast(data[0]["features"], tf.float32)  # (B, L, D)
        tokens = self.draw(features)  # (B·k, T)
        rewards = tf.numpy_function(self.reward, [tokens, data[0]["pictures"]], tf.float32)
        weights = advantages(tf.ensure_shape(rewards, [None]), self.samples)
        read = tf.pad(tokens[:, :-1], [(0, 0), (1, 0)], constant_values=START)
        with tf.GradientTape() as tape:
            logits = self.decoder(features, read, training=True)
            loss = policy_loss(logits, tokens, weights, self.decoder.max_length)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self.metrics[0].update_state(-tf.reduce_mean(rewards))  # Keras' "loss"
        return self.compute_metrics(None, tokens, logits)


def interpolate_weights(decoder: Decoder, before: list, validate: Callable) -> tuple[float, float]:
    """Set the decoder to the best point on the line from its weights before the training to those it has now.

    Rewards make captions better and less diverse; weights in between keep most of the gain and more of the diversity
    (WiSE-FT: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", sec. 3).

    Args:
        decoder: after the training.
        before: its weights before, from `get_weights`.
        validate: captions the validation pictures and returns scores; the first one decides.

    Returns:
        The weight of the trained end, of 0.2, 0.4 ... 1 (the smallest in a tie), and the score there.
    """
    after = decoder.get_weights()

    def score_at(share: float) -> float:
        decoder.set_weights([old + share * (new - old) for old, new in zip(before, after, strict=True)])
        return next(iter(validate().values()))

    scores = {share: score_at(share) for share in (0.2, 0.4, 0.6, 0.8, 1.0)}
    best = max(scores, key=scores.get)
    return best, score_at(best)
