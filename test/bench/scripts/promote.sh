#!/bin/sh
# promote.sh API OWNER/NAME ENVIRONMENT:UPSTREAM...: lists what is to be promoted, in a clone. For each component and environment it compares the
# releases and asks for a pull request; where there is something to bring, history says since when upstream has run it.
set -eu
api=$1 repository=$2
shift 2
git fetch -q origin
for pair; do
  env=${pair%:*} upstream=${pair#*:}
  for component in $(git ls-tree --name-only "origin/main:environments/$upstream"); do
    releases=$(git show "origin/main:environments/$upstream/$component/release.yaml" "origin/main:environments/$env/$component/release.yaml" |
      sed -n 's/^id: //p' | uniq | wc -l)
    curl -fsS -o /dev/null -H "Authorization: Bearer $GITHUB_TOKEN" \
      "$api/repos/$repository/pulls?state=open&base=main&head=${repository%/*}:promote/$env/$component"
    if [ "$releases" -gt 1 ]; then
      echo "$env $component since $(git log -1 --format=%cI origin/main -- "environments/$upstream/$component")"
    fi
  done
done
