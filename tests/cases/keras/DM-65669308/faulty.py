from keras.layers import LSTM, Dense, Embedding, SpatialDropout1D
from keras.models import Sequential
from keras.preprocessing.text import Tokenizer
from keras.utils import pad_sequences

texts = ["good film", "bad film", "a very good one", "not good, bad"] * 50
labels = [1, 0, 1, 0] * 50
tokenizer = Tokenizer(num_words=500)
tokenizer.fit_on_texts(texts)
X = pad_sequences(tokenizer.texts_to_sequences(texts))

embed_dim, lstm_out = 32, 48
model = Sequential()
model.add(Embedding(500, embed_dim, input_length=X.shape[1]))
model.add(SpatialDropout1D(0.4))
model.add(LSTM(lstm_out, dropout=0.2, recurrent_dropout=0.2))
model.add(Dense(1, activation="softmax"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
print(model.summary())
model.fit(X, labels, epochs=7, batch_size=32)
