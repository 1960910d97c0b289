"""What would stop a move, known before it starts."""

from amlmigrate.doctor.examination import DoctorReport, before_plan, examine
from amlmigrate.doctor.role import Duty, duty_role, least_role

__all__ = ["DoctorReport", "Duty", "before_plan", "duty_role", "examine", "least_role"]
