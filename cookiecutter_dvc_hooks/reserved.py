"""The names that a project cannot have, because something else has them."""

import sys

FOLDERS = frozenset({"conftest", "data", "docs", "models", "reports", "src", "tests", "vendor"})
# The list leaves out its own test suite, which is there all the same.
STANDARD_MODULES = sys.stdlib_module_names | {"test"}
WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))]
)
# Everything that a generated project can have in its environment, by distribution and by import
# name, and the commands that its documentation calls: all with - for _ and . in the name.
PACKAGE_NAMES = """
    adlfs aiobotocore aiohappyeyeballs aiohttp aiohttp-retry aioitertools aiooss2 aiosignal airflow
    aliyun-python-sdk-core aliyun-python-sdk-kms aliyunsdkcore aliyunsdkkms amqp annotated-doc
    annotated-types antlr4 antlr4-python3-runtime anyio apache-airflow appdirs appnope ast-serialize
    asttokens asyncssh atpublic attr attrs azure azure-core azure-datalake-store azure-identity
    azure-storage-blob bcrypt billiard boto3 botocore cachetools celery certifi cffi cfgv
    charset-normalizer click click-didyoumean click-option-group click-plugins click-repl
    cloudpickle colorama comm conda configobj contourpy coverage crcmod cryptography cycler dask
    databricks databricks-sdk dateutil debugpy decorator dictdiffer diskcache distlib distributed
    distro docker docstring-parser dotenv dpath dulwich dvc dvc-azure dvc-data dvc-gdrive dvc-gs
    dvc-hdfs dvc-http dvc-objects dvc-oss dvc-render dvc-s3 dvc-ssh dvc-studio-client dvc-task
    dvc-webdav dvc-webhdfs dvclive entrypoints execnet executing fastapi fastjsonschema filelock
    flatten-dict flufl flufl-lock fonttools frozenlist fsspec funcy gcsfs git gitdb gitpython google
    google-api-core google-auth google-auth-oauthlib google-cloud-core google-cloud-storage
    google-crc32c google-resumable-media googleapis-common-protos grandalf greenlet gto gunicorn h11
    httpcore httptools httpx hydra hydra-core hypothesis identify idna importlib-metadata iniconfig
    ipykernel ipython ipython-pygments-lexers isodate iterative-telemetry jedi jinja2 jmespath
    joblib jsonschema jsonschema-specifications jupyter jupyter-client jupyter-core jupyterlab kfp
    kfp-pipeline-spec kfp-server-api kiwisolver knack kombu kubeflow kubernetes librt lightgbm
    locket make markdown-it markdown-it-py markupsafe matplotlib matplotlib-inline mdurl mlflow
    mlflow-skinny mpl-toolkits msal msal-extensions msgpack msrest multidict mypy mypy-extensions
    mypyc narwhals nbclient nbconvert nbformat nbstripout nest-asyncio nest-asyncio2 networkx
    nodeenv notebook numpy nvidia-nccl-cu12 oauthlib omegaconf onnx onnxruntime opentelemetry
    opentelemetry-api opentelemetry-proto opentelemetry-sdk opentelemetry-semantic-conventions
    orjson oss2 ossfs packaging pandas pandas-stubs pandera parso partd pathspec pexpect pil pillow
    pip platformdirs pluggy pre-commit pre-commit-hooks prettytable prometheus-client prompt-toolkit
    propcache proto-plus protobuf psutil psycopg psycopg-binary ptyprocess public pure-eval py
    pyarrow pyasn1 pyasn1-modules pycparser pycryptodome pydantic pydantic-core pydantic-settings
    pydevd-plugins pydot pygit2 pygments pygtrie pylab pyparsing pyright pytest pytest-cov
    pytest-xdist python python-dateutil python-discovery python-dotenv pywin32 pyyaml pyzmq
    referencing requests requests-oauthlib requests-toolbelt rich rpds rpds-py rsa ruamel
    ruamel-yaml ruff s3fs s3transfer scikit-learn scipy scmrepo semver setuptools shellingham
    shortuuid shtab six sklearn skops smmap sniffio sortedcontainers sqlalchemy sqlparse sqltrie
    sshfs stack-data starlette tabrail tabulate tblib threadpoolctl tlz tomlkit toolz tornado tqdm
    traitlets typeguard typer types-tqdm typing-extensions typing-inspect typing-inspection tzdata
    tzlocal urllib3 uv uvicorn uvloop uvx validate vine virtualenv vl-convert vl-convert-python
    voluptuous watchfiles wcwidth webdav4 websocket websocket-client websockets wrapt xdist xgboost
    xgboost-cpu yaml yarl zc zc-lockfile zict zipp zmq
"""
PACKAGES = frozenset(PACKAGE_NAMES.split())
