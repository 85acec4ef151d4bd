"""A service as these tests play it: a git repository with workflows, and a run of act for each of GitHub's events."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from tests.workflows.repositories import commit, git, start

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "workflows"
TOKEN, TRIGGER_TOKEN = "t0ken-of-the-run", "t0ken-for-products"

UPLOAD = "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f"
STANDS_IN_FOR_UPLOAD = """
name: upload-artifact
description: Pack the files that match, and keep them with the run
inputs: {name: {}, path: {}, if-no-files-found: {}, retention-days: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        python3 - <<'END'
        import glob, io, os, urllib.request, zipfile
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as kept:
            for path in glob.glob(os.environ["FILES"]):
                kept.write(path, os.path.basename(path))
        url = f'{os.environ["STORAGE"]}/runs/{os.environ["GITHUB_RUN_ID"]}/artifacts/{os.environ["NAME"]}'
        urllib.request.urlopen(urllib.request.Request(url, packed.getvalue(), method="PUT")).close()
        END
      env: {NAME: "${{ inputs.name }}", FILES: "${{ inputs.path }}"}
"""
NEED = json.loads((HERE / "orders-products.json").read_text(encoding="utf-8"))


def needing(**fields):
    """What orders needs of a product, with more fields than it does today."""
    need = json.loads(json.dumps(NEED))
    need["interactions"][0]["response"]["body"]["content"] |= fields
    return json.dumps(need, indent=2)


class Service:
    """A service's git repository, in GitHub's too, whose workflows act runs for one event after the other."""

    def __init__(self, world, name, workflows, files):
        self.world, self.name = world, name
        self.github = world.github.repository(f"acme/{name}")
        self.folder = world.folder / name / "repository"
        self.workflows = {}
        for file in workflows:
            text = (TEMPLATES / file).read_text(encoding="utf-8").replace("8000", str(world.port))
            text = text.replace("pacticipant: orders, needs", 'pacticipant: orders, timeout: 60s, interval: "1", needs')
            self.workflows[file] = self.github.workflow(file, text)
            files = {**files, f".github/workflows/{file}": text}
        start(self.folder, "main", f"https://github.com/acme/{name}.git")
        self.github.branches["main"] = self.commit(files)

    def commit(self, files, branch="main"):
        """Commit files to a branch; its SHA."""
        if branch != "main":
            git(self.folder, "checkout", "--quiet", "-B", branch)
        sha = commit(self.folder, files)
        self.github.commits.add(sha)
        return sha

    def push(self, files):
        """Commit files to the main branch, and let the broker know of the version as its workflow would."""
        self.github.branches["main"] = sha = self.commit(files)
        with closing(self.world.estate().broker) as broker:
            broker.put_branch(self.name, sha, "main")
        return sha

    def merge(self, branch):
        """Merge a branch into the main branch; the SHA of the merge."""
        git(self.folder, "checkout", "--quiet", "main")
        git(self.folder, "merge", "--quiet", "--no-ff", "--message", "Merge", branch)
        self.github.branches["main"] = sha = git(self.folder, "rev-parse", "HEAD")
        return sha

    def run(self, file, event, payload=None, *, ref="main"):
        """Run a workflow to its end."""
        run = self.github.run(self.workflows[file], event, ref)
        found = self.act(file, event, payload or {"ref": f"refs/heads/{ref}"}, run)
        run.finish("failure" if "failure" in found.jobs.values() else "success")
        return found

    def act(self, file, event, payload, run):
        """Run a workflow as the run that GitHub knows."""
        return self.world.act.run(
            self.folder,
            event=(event, payload),
            workflow=file,
            environment={
                "GITHUB_API_URL": self.world.github.url,
                "GITHUB_RUN_ID": str(run.id),
                "STORAGE": self.world.github.storage_url,
            },
            variables={"PACT_BROKER_BASE_URL": self.world.broker_url},
            secrets={"GITHUB_TOKEN": TOKEN, "PACT_TRIGGER_TOKEN": TRIGGER_TOKEN},
            actions={UPLOAD: self.world.upload},
            one_at_a_time=True,
        )
