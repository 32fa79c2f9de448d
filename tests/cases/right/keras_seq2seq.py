from keras.layers import *
from keras.models import Model

enc_in = Input((None, 70))
enc = LSTM(256, return_state=True)
_, h, c = enc(enc_in)
dec_in = Input((None, 90))
dec_out, _, _ = LSTM(256, return_sequences=True, return_state=True)(dec_in, initial_state=[h, c])
out = TimeDistributed(Dense(90, activation="softmax"))(dec_out)
m = Model([enc_in, dec_in], out)
m.compile(optimizer="rmsprop", loss="categorical_crossentropy")
