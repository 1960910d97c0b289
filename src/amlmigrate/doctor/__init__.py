"""What would stop a move, known before it starts."""

from amlmigrate.doctor.examination import DoctorReport, before_plan, examine
from amlmigrate.doctor.role import least_role

__all__ = ["DoctorReport", "before_plan", "examine", "least_role"]
