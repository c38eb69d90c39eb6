"""Build the page that shows `dvc plots` without internet.

DVC's own page loads Vega from a content delivery network, so it stays empty offline. This tool
writes `page.html` of the library's templates: the same page with the minified builds of
vega, vega-lite and vega-embed inside. A project uses it through `plots.html_template` in
`.dvc/config`.

Source: the npm packages pinned in PACKAGES, fetched with `npm pack` and checked against their
SHA-256. DVC writes Vega-Lite 5 specifications, hence vega 5, vega-lite 5 and vega-embed 6.

    python tools/build_plots_page.py           # write the page
    python tools/build_plots_page.py --check   # fail if the committed page differs
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PLOTS = Path(__file__).parents[1] / "src" / "tabrail" / "templates" / "project" / "plots"
PAGE = PLOTS / "page.html"

# Package, version, SHA-256 of the package file, minified build inside it. The order matters.
PACKAGES = [
    (
        "vega",
        "5.33.1",
        "1b8504b6731c5311be3269c4d84ca996a5cc293bc772283293ede20c490e16c3",
        "build/vega.min.js",
    ),
    (
        "vega-lite",
        "5.23.0",
        "e4cbfdd8f6f1abe381c59cd558fd6a559c12b1496bfdf2e0c3295263a40fe4da",
        "build/vega-lite.min.js",
    ),
    (
        "vega-embed",
        "6.29.0",
        "ecf1ee709c2bac9e0a4ead6908114b05b62c71493e10a8a4308109bb070f8eb1",
        "build/vega-embed.min.js",
    ),
]

# DVC fills in {refresh_tag} and {plot_divs}; without {scripts} it adds no address to load.
# The content security policy makes the browser refuse every other load as well.
HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file: data:\
 blob:; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh_tag}
<title>DVC plots</title>
<!--
Built by tools/build_plots_page.py of the project template: do not edit by hand.
@NOTICE@
-->
<style>
:root { color-scheme: light; }
body {
  background: #f6f7f9;
  color: #1f2933;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  margin: 0 auto;
  max-width: 1400px;
  padding: 24px;
}
h1 { font-size: 22px; margin: 0 0 16px; }
main { align-items: flex-start; display: flex; flex-wrap: wrap; gap: 16px; }
main > div {
  background: #fff;
  border: 1px solid #d9dee5;
  border-radius: 8px;
  box-sizing: border-box;
  max-width: 100%;
  overflow-x: auto;
  padding: 16px;
}
main > div.vega-embed.has-actions { padding-right: 40px; }
main > div.failed { color: #a61b1b; }
img { max-width: 100%; }
svg.marks { display: block; }
</style>
"""

STYLE = """\
<script>
// Draw every plot in one style, and name a plot that cannot be drawn instead of leaving a gap.
(function () {
  const draw = window.vegaEmbed;
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const options = {
    actions: { export: true, source: true, compiled: false, editor: false },
    renderer: "svg",
    config: {
      font: font,
      axis: {
        domainColor: "#9aa5b1",
        gridColor: "#e4e7eb",
        labelColor: "#3e4c59",
        labelFontSize: 12,
        labelLimit: 260,
        tickColor: "#9aa5b1",
        titleColor: "#1f2933",
        titleFontSize: 13,
        titleFontWeight: 500,
        titlePadding: 8,
      },
      axisQuantitative: { labelFlush: false, tickCount: 6 },
      header: { labelColor: "#1f2933", labelFontSize: 13, labelFontWeight: 600 },
      legend: {
        columns: 3,
        labelColor: "#1f2933",
        labelFontSize: 13,
        labelLimit: 260,
        orient: "bottom",
        symbolStrokeWidth: 3,
        title: null,
      },
      line: { strokeWidth: 2 },
      title: {
        color: "#1f2933",
        fontSize: 16,
        fontWeight: 600,
        offset: 14,
        subtitleColor: "#52606d",
        subtitleFontSize: 13,
        subtitlePadding: 4,
      },
      view: { stroke: null },
    },
  };
  window.vegaEmbed = async function (selector, spec) {
    if (Object.keys(spec).length === 0) {
      // A file without rows, such as that of a search that was not made.
      document.querySelector(selector).remove();
      return;
    }
    try {
      await draw(selector, spec, options);
    } catch (error) {
      const place = document.querySelector(selector);
      place.className = "failed";
      place.textContent = "Plot " + selector.slice(1) + " could not be drawn: " + error.message;
    }
  };
})();
</script>
"""

BODY = """\
</head>
<body>
<h1>DVC plots</h1>
<main>
{plot_divs}
</main>
</body>
</html>
"""

BUNDLED = """\
The builds contain these libraries as well:
- d3 modules and internmap (ISC), Copyright 2010-2026 Mike Bostock
- d3-delaunay (ISC), Copyright 2018-2026 Observable, Inc., Copyright 2021 Mapbox
- delaunator (ISC), Copyright 2026 Mapbox
- topojson-client (ISC), Copyright 2012-2019 Michael Bostock
- semver (ISC), Copyright Isaac Z. Schlueter and Contributors
- fast-json-patch (MIT), Copyright 2013, 2014, 2020 Joachim Wester
- json-stringify-pretty-compact (MIT), Copyright 2014-2022 Simon Lydell
- ColorBrewer colours in d3-scale-chromatic (Apache-2.0), Copyright 2002 Cynthia Brewer,
  Mark Harrower, and The Pennsylvania State University
- robust-predicates (public domain)

ISC License

Permission to use, copy, modify, and/or distribute this software for any purpose with or without
fee is hereby granted, provided that the above copyright notice and this permission notice appear
in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT,
NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE
OF THIS SOFTWARE.

MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""


def fetch(name: str, version: str, sha256: str, folder: Path) -> Path:
    """Fetch one package into `folder` and return its verified file."""
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    package = folder / f"{name}-{version}.tgz"
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{package.name}: SHA-256 is {found}, expected {sha256}")
    return package


def read(package: Path, path: str) -> str:
    """Return the text of one file of a package."""
    with tarfile.open(package) as archive:
        member = archive.extractfile(f"package/{path}")
        if member is None:
            raise SystemExit(f"{package.name} has no file {path}")
        return member.read().decode("utf-8")


def inline(script: str) -> str:
    """Make a minified build safe inside HTML, DVC's page and the Jinja of cookiecutter."""
    script = re.sub(r"\n//# sourceMappingURL=.*", "", script).strip()
    script = script.replace("</script", r"<\/script").replace("<!--", r"<\!--")
    script = re.sub(r"(\bclass \w+\{)#", r"\1 #", script)  # A private field, not a Jinja comment.
    for text in ("{{", "{%", "{#", "{scripts}", "{plot_divs}", "{refresh_tag}"):
        if text in script:
            raise SystemExit(f"A build contains {text!r}: change inline() before using it")
    return f"<script>\n{script}\n</script>\n"


def build() -> str:
    """Return the whole page."""
    scripts, titles, terms = [], [], ""
    with tempfile.TemporaryDirectory() as folder:
        for name, version, sha256, path in PACKAGES:
            package = fetch(name, version, sha256, Path(folder))
            scripts.append(inline(read(package, path)))
            titles.append(f"{name} {version}")
            if name == "vega-lite":  # The npm package of vega itself carries no license file.
                terms = read(package, "LICENSE").strip()
    notice = f"Contains {', '.join(titles)} (BSD-3-Clause):\n\n{terms}\n\n{BUNDLED}"
    return HEAD.replace("@NOTICE@", notice) + "".join(scripts) + STYLE + BODY


def main() -> int:
    """Write the page, or compare it with the committed one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    arguments = parser.parse_args()

    page = build().encode("utf-8")
    if arguments.check:
        if not PAGE.is_file() or PAGE.read_bytes() != page:
            print(f"{PAGE} differs from its source: run {sys.argv[0]}", file=sys.stderr)
            return 1
        print(f"{PAGE} is up to date")
        return 0

    PAGE.parent.mkdir(parents=True, exist_ok=True)
    temporary = PAGE.with_name(PAGE.name + ".tmp")
    temporary.write_bytes(page)
    temporary.replace(PAGE)
    print(f"Wrote {PAGE} ({len(page):,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
