import torch
import torch.nn as nn
import torchvision
from torchvision import datasets, transforms


def get_model(num_classes):
    model = torchvision.models.resnet18(weights="DEFAULT")
    for p in model.parameters():
        p.requires_grad = False
    num_ftrs = model.fc.in_features
    model.fc = nn.Sequential(
        nn.Linear(num_ftrs, 256), nn.ReLU(), nn.Dropout(0.4), nn.Linear(256, num_classes), nn.Softmax(dim=1)
    )
    return model


model = get_model(10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.fc.parameters(), lr=1e-3)
train_set = datasets.CIFAR10("data", transform=transforms.ToTensor())
for inputs, labels in torch.utils.data.DataLoader(train_set, 32):
    outputs = model(inputs)
    _, preds = torch.max(outputs, 1)
    loss = criterion(outputs, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
