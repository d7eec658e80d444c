# Quoth's Discord bot in a container. Not built or run by its authors yet; docs/bot.md says how it is meant to be used.
FROM python:3.13-slim

WORKDIR /app
COPY requirements.lock requirements-torch.lock ./
# PyTorch for CPUs first, by its version: the default index brings gigabytes of CUDA libraries. All else by its hash
RUN pip install --no-cache-dir --no-deps --index-url https://download.pytorch.org/whl/cpu \
        "$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements-torch.lock)" \
    && pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY bot bot
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && pip check \
    && useradd --system --uid 10001 --no-create-home quoth \
    && install --directory --owner quoth --mode 700 /data

USER quoth
ENV QUOTH_HOME=/data PYTHONUNBUFFERED=1
VOLUME /data
# The bot finishes questions in flight on SIGTERM, for 10 s at most: stop it with `docker stop --time 30`
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot"]
