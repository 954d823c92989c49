"""What a BatCat project imports: ``import batcat_runtime as bc``.

Public names load on first use, so importing the package costs neither boto3 nor pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .athena import read_data_from_athena
    from .columns.series import types_of
    from .config import get_config
    from .deploy import setup_workflow, test_workflow
    from .errors import (
        AccessError,
        BatCatError,
        ConfigError,
        DataError,
        DeployError,
        ExecutionError,
        MissingError,
        MissingExtraError,
        ServiceError,
    )
    from .events import get_bucket_key, get_bucket_keys, print_event
    from .logs import get_logger
    from .mysql import read_data_from_bd
    from .paths import (
        get_date_with_delta,
        in_processing_job,
        processing_input_path,
        processing_output_path,
    )
    from .redshift import (
        read_data_from_redshift,
        read_data_from_redshift_by_secret,
        save_df_to_redshift,
    )
    from .s3.objects import (
        SuccessSignal,
        copy_bucket_files,
        iter_keys,
        list_keys,
        pd_s3_buffer,
        read_excel_from_bucket,
        read_excel_list_from_bucket,
    )
    from .s3.tables import (
        read_csv_from_bucket,
        read_json_lines_from_bucket,
        read_parquet_from_bucket,
        save_to_bucket,
    )
    from .secrets import get_secret
    from .sql.binding import quote_identifier
    from .steps import read_folder, run_step, step_input_path, step_output_path, write_table

_HOMES = {
    "athena": ("read_data_from_athena",),
    "columns.series": ("types_of",),
    "config": ("get_config",),
    "deploy": ("setup_workflow", "test_workflow"),
    "errors": (
        "AccessError",
        "BatCatError",
        "ConfigError",
        "DataError",
        "DeployError",
        "ExecutionError",
        "MissingError",
        "MissingExtraError",
        "ServiceError",
    ),
    "events": ("get_bucket_key", "get_bucket_keys", "print_event"),
    "logs": ("get_logger",),
    "mysql": ("read_data_from_bd",),
    "paths": (
        "get_date_with_delta",
        "in_processing_job",
        "processing_input_path",
        "processing_output_path",
    ),
    "redshift": (
        "read_data_from_redshift",
        "read_data_from_redshift_by_secret",
        "save_df_to_redshift",
    ),
    "s3.objects": (
        "SuccessSignal",
        "copy_bucket_files",
        "iter_keys",
        "list_keys",
        "pd_s3_buffer",
        "read_excel_from_bucket",
        "read_excel_list_from_bucket",
    ),
    "s3.tables": (
        "read_csv_from_bucket",
        "read_json_lines_from_bucket",
        "read_parquet_from_bucket",
        "save_to_bucket",
    ),
    "secrets": ("get_secret",),
    "sql.binding": ("quote_identifier",),
    "steps": ("read_folder", "run_step", "step_input_path", "step_output_path", "write_table"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AccessError",
    "BatCatError",
    "ConfigError",
    "DataError",
    "DeployError",
    "ExecutionError",
    "MissingError",
    "MissingExtraError",
    "ServiceError",
    "SuccessSignal",
    "copy_bucket_files",
    "get_bucket_key",
    "get_bucket_keys",
    "get_config",
    "get_date_with_delta",
    "get_logger",
    "get_secret",
    "in_processing_job",
    "iter_keys",
    "list_keys",
    "pd_s3_buffer",
    "print_event",
    "processing_input_path",
    "processing_output_path",
    "quote_identifier",
    "read_csv_from_bucket",
    "read_data_from_athena",
    "read_data_from_bd",
    "read_data_from_redshift",
    "read_data_from_redshift_by_secret",
    "read_excel_from_bucket",
    "read_excel_list_from_bucket",
    "read_folder",
    "read_json_lines_from_bucket",
    "read_parquet_from_bucket",
    "run_step",
    "save_df_to_redshift",
    "save_to_bucket",
    "setup_workflow",
    "step_input_path",
    "step_output_path",
    "test_workflow",
    "types_of",
    "write_table",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
