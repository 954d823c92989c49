"""SageMaker: Processing jobs that are real processes."""
