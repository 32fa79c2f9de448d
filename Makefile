# Five words: install, check, test, docs, bench. CI uses the same ones.
.PHONY: install check test docs bench

install:
	pip install -c constraints.txt -e '.[dev]'

check:
	ruff format --check --extend-exclude '*.md' .  # examples in pages are laid out for their readers
	ruff check .
	mypy

test:
	pytest

docs:
	python -m docs.build
	python -m docs.site

bench:
	python -m benchmarks.startup
	python -m benchmarks.small
	python -m benchmarks.classic
