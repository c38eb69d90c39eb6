#!/usr/bin/env bash
# Runs the changed stages, commits the results, and pushes data and model to the DVC remote.
#   BASE   the commit that is trained
#   FORCE  "yes": run every stage, for example after an update of libraries
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${FORCE:-}" = yes ]; then
  uv run dvc pull --allow-missing
  uv run dvc repro --force
else
  uv run dvc repro --pull --allow-missing
fi
git add --all
if ! git diff --cached --quiet; then
  # The proposal sets the author and the message.
  git -c user.name=train -c user.email=train@localhost commit --quiet --no-verify --message Train
fi
if git diff --quiet "$BASE" HEAD; then
  echo "Nothing changed: the committed results are up to date." | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
  exit 0
fi
uv run dvc push
