"""A word tagger: log_softmax with NLLLoss, the recurrence has its own gates."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim=16, hidden_dim=32, vocab_size=40, tagset_size=4):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, num_layers=2, batch_first=True, dropout=0.1)
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

    def forward(self, sentence):
        lstm_out, _ = self.lstm(self.word_embeddings(sentence))
        tag_space = self.hidden2tag(lstm_out)
        return F.log_softmax(tag_space, dim=-1)


def make_model():
    return LSTMTagger()


def make_data(n=64):
    g = torch.Generator().manual_seed(0)
    words = torch.randint(0, 40, (n, 9), generator=g)
    return words, words % 4


def LOSS(output, target):
    return F.nll_loss(output.flatten(0, 1), target.flatten())


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = LOSS(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
