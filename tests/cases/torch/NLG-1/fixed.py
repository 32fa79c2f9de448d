"""A tiny U-Net for segmentation with the Dice loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def double(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU(), nn.Conv2d(c_out, c_out, 3, padding=1), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = double(1, 8)
        self.middle = double(8, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.merge = double(16, 8)
        self.last = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.down(x)
        b = self.up(self.middle(F.max_pool2d(a, 2)))
        x = self.merge(torch.cat([a, b], dim=1))
        return torch.sigmoid(self.last(x))


def dice_loss(pred, target, smooth=1.0):
    overlap = (pred * target).sum()
    return 1 - (2 * overlap + smooth) / (pred.sum() + target.sum() + smooth)


def make_model():
    return UNet()


def make_data(n=24):
    g = torch.Generator().manual_seed(0)
    masks = (F.avg_pool2d(torch.randn(n, 1, 16, 16, generator=g), 5, 1, 2) > 0.1).float()
    return masks + 0.5 * torch.randn(n, 1, 16, 16, generator=g), masks


LOSS = dice_loss

if __name__ == "__main__":
    net = UNet()
    images, masks = make_data()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(10):
        loss = dice_loss(net(images), masks)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
