#!/usr/bin/env bash
# Ingests new rows from NEW_DATA, and from the prediction log at PREDICTION_LOG once their outcomes are
# known. See retraining.md of the manual.
#   MONTHS_BACK  which calendar months of the log, counted back from the present one
#   EXTEND       "yes": new rows may extend the schema
set -euo pipefail
cd "$(dirname "$0")/.."
say() { echo "$*" | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"; }

if [ -z "${NEW_DATA:-}${PREDICTION_LOG:-}" ]; then
  say "Set NEW_DATA or PREDICTION_LOG, so that new rows can be found. See retraining.md of the manual."
  exit 1
fi
incoming=$(mktemp -d)
trap 'rm -rf "$incoming"' EXIT
mkdir "$incoming/rows" "$incoming/new"
# An open proposal may have the same rows. `prepare` would then treat them as the data of an earlier
# commit.
git for-each-ref --format="delete %(refname)" refs/remotes/origin/train/ | git update-ref --stdin
uv run dvc pull data/raw
if [ -n "${NEW_DATA:-}" ]; then
  uv run dvc get-url "$NEW_DATA" "$incoming/rows"
fi
# Export only complete months. Then the files never change, and no row is in two of them.
if [ -n "${PREDICTION_LOG:-}" ]; then
  this=$(date --utc +%Y-%m-01)
  for back in ${MONTHS_BACK:-2 1}; do
    since=$(date --utc --date="$this - $back month" +%Y-%m-%d)
    until=$(date --utc --date="$since + 1 month" +%Y-%m-%d)
    file="log-${since%-01}.parquet"
    [ -e "data/raw/$file" ] && continue
    if ! uv run tabrail export "$incoming/$file" --since "$since" --until "$until" 2> "$incoming/why"; then
      cat "$incoming/why"
      grep --quiet "no row with an outcome" "$incoming/why"
    fi
  done
fi
# Skip files that are already in data/raw, and replace nothing there.
find data/raw -type f -exec md5sum {} + | cut -d " " -f 1 > "$incoming/known"
tables=(-name "*.csv" -o -name "*.tsv" -o -name "*.gz" -o -name "*.parquet")
find "$incoming" -type f \( "${tables[@]}" \) -not -path "$incoming/new/*" | sort | while read -r file; do
  md5=$(md5sum < "$file" | cut -d " " -f 1)
  grep --quiet "$md5" "$incoming/known" && continue
  name=$(basename "$file")
  if [ -e "data/raw/$name" ]; then name="${md5:0:8}-$name"; fi  # the same name in every run
  if [ -e "$incoming/new/$name" ]; then
    say "Two new files are called $name. Rename one of them."
    exit 1
  fi
  mv "$file" "$incoming/new/$name"
done
if [ -z "$(ls "$incoming/new")" ]; then
  say "There are no new rows."
  exit 0
fi
extend=()
if [ "${EXTEND:-}" = yes ]; then extend=(--yes); fi
uv run tabrail ingest "$incoming/new" "${extend[@]}" 2>&1 | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
