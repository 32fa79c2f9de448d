import torch.nn as nn
from fastai.vision.all import *


class Simple(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.m = nn.Sequential(
            nn.Conv2d(3, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, n), nn.Softmax(dim=1)
        )

    def forward(self, x):
        return self.m(x)


dls = ImageDataLoaders.from_folder("data", valid_pct=0.2)
learn = Learner(dls, Simple(4), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
learn.fit_one_cycle(3)
