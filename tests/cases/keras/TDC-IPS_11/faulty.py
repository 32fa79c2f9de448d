"""TensorFlow 1 graph code: ReLU on the logits."""

import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 64])
y = tf.placeholder(tf.float32, [None, 10])
W1 = tf.Variable(tf.truncated_normal([64, 48], stddev=0.1))
b1 = tf.Variable(tf.zeros([48]))
W2 = tf.Variable(tf.truncated_normal([48, 10], stddev=0.1))
b2 = tf.Variable(tf.zeros([10]))

hidden = tf.nn.relu(tf.matmul(x, W1) + b1)
logits = tf.nn.relu(tf.matmul(hidden, W2) + b2)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
train_step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
