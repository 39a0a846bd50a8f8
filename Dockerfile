# Either form of Inkling, by the same make targets as without a container:
#
#   docker build --target served -t inkling .            &&  docker run -p 5006:5006 inkling
#   docker build --target site   -t inkling-site .       &&  docker run -p 8000:8000 inkling-site

FROM python:3.12-slim AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home inkling
WORKDIR /home/inkling/app
RUN chown inkling:inkling .
USER inkling
COPY --chown=inkling:inkling . .

FROM base AS served
RUN make .venv/.serve
EXPOSE 5006
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5006/', timeout=4)"]
CMD ["make", "serve", "HOST=0.0.0.0"]

FROM base AS site-build
USER root
# Node compiles the site's Python modules beforehand; the site starts faster for it.
RUN apt-get update && apt-get install -y --no-install-recommends nodejs && rm -rf /var/lib/apt/lists/*
USER inkling
RUN make site

FROM python:3.12-slim AS site
RUN useradd --create-home inkling
USER inkling
COPY --from=site-build --chown=inkling:inkling /home/inkling/app/dist/site /home/inkling/site
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=4)"]
CMD ["python", "-m", "http.server", "--directory", "/home/inkling/site", "8000"]
