import torch
import torch.nn as nn
import torch.nn.functional as F


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(20, 40)
        self.b = nn.Linear(40, 7)

    def forward(self, x):
        return F.log_softmax(self.b(F.relu(self.a(x))), dim=1)


model = Classifier()
opt = torch.optim.Adam(model.parameters())
for x, y in []:
    p = model(x)
    loss = F.nll_loss(p, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
