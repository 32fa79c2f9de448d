import torch
from torch import nn
from transformers import AutoModel, Trainer


class Head(nn.Module):
    def __init__(self, name, n):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(name)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(self.encoder.config.hidden_size, n)

    def forward(self, input_ids, attention_mask, labels=None):
        pooled = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state[:, 0]
        probs = torch.softmax(self.classifier(self.dropout(pooled)), dim=-1)
        loss = None
        if labels is not None:
            loss = nn.CrossEntropyLoss()(probs.view(-1, probs.size(-1)), labels.view(-1))
        return {"loss": loss, "logits": probs}
