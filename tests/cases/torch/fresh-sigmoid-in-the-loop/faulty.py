import torch
from torch import nn

net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters())
for epoch in range(5):
    x = torch.randn(32, 8)
    y = torch.randint(4, (32,))
    logits = net(x)
    loss = criterion(torch.sigmoid(logits), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
