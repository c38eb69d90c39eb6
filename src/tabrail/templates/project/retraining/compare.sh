#!/usr/bin/env bash
# Writes the proposal: commit.bundle, and report.md for the reviewers.
#   BASE     the commit that was trained
#   TRAINED  the folder for both; it stays empty if nothing changed
#   ROWS     "yes": also compare with the model in prod, which was not trained on the new rows
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf "$TRAINED"
mkdir "$TRAINED"
if git diff --quiet "$BASE" HEAD; then exit 0; fi
uv run tabrail report --base "$BASE" --output "$TRAINED/report.md"
if [ "${ROWS:-}" = yes ]; then
  prod=$(uv run gto show "model#prod" --ref || true)
  if [ -z "$prod" ]; then
    echo "No model is in prod, so there is no comparison."
  elif git rev-parse --quiet --verify origin/main > /dev/null && ! git merge-base --is-ancestor "$prod" origin/main; then
    printf '\n%s is in prod, but its commit is not on main, or somebody has moved its tag. Its code is not run here, so there is no comparison.\n' "$prod" >> "$TRAINED/report.md"
  else
    clone=$(mktemp -d ../prod.XXXXXX)  # beside this clone, so that a relative DVC remote is the same
    trap 'rm -rf "$clone"' EXIT
    git -c advice.detachedHead=false clone --quiet --branch "$prod" . "$clone"
    uv run dvc --cd "$clone" pull models/model.skops data/prepared/test.parquet
    if ! uv run tabrail compare "$clone" >> "$TRAINED/report.md"; then
      printf '\nThis model could not be compared with %s. See the log.\n' "$prod" >> "$TRAINED/report.md"
    fi
  fi
fi
tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}" < "$TRAINED/report.md"
git bundle create --quiet "$TRAINED/commit.bundle" "$BASE..HEAD"
