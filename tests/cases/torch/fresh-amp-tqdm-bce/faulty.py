import torch
import torch.nn as nn
from tqdm import tqdm


class Model(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.seq = nn.Sequential(nn.Linear(d, 128), nn.GELU(), nn.Linear(128, 1))

    def forward(self, x):
        return self.seq(x)


def train_fn(loader, model, criterion, optimizer, scaler, device):
    model.train()
    loop = tqdm(loader)
    for batch_idx, (data, targets) in enumerate(loop):
        data = data.to(device=device)
        targets = targets.float().unsqueeze(1).to(device=device)
        with torch.cuda.amp.autocast():
            predictions = model(data)
            loss = criterion(predictions, targets)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        loop.set_postfix(loss=loss.item())


def main(loader):
    model = Model(30).to("cuda")
    criterion = nn.BCELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scaler = torch.cuda.amp.GradScaler()
    for epoch in range(3):
        train_fn(loader, model, criterion, optimizer, scaler, "cuda")
