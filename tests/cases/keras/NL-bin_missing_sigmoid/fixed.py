"""A two-class LeNet in TensorFlow 1 layers."""

import tensorflow as tf

images = tf.placeholder(tf.float32, [None, 28, 28, 1])
labels = tf.placeholder(tf.float32, [None, 1])
net = tf.layers.conv2d(images, 6, 5, activation=tf.nn.relu)
net = tf.layers.max_pooling2d(net, 2, 2)
net = tf.layers.flatten(net)
net = tf.layers.dense(net, 84, activation=tf.nn.relu)
out = tf.layers.dense(net, 1)
loss = tf.losses.sigmoid_cross_entropy(labels, out)
train = tf.train.AdamOptimizer(1e-3).minimize(loss)
